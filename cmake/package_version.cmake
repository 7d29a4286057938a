# SPDX-License-Identifier: Apache-2.0
# Read by cpack, which alone knows the revision.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "libnodedb-cluster0 (= ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})"
    # what the static library needs
    libgnutls28-dev libmicrohttpd-dev libngtcp2-crypto-gnutls-dev libngtcp2-dev librocksdb-dev libspdlog-dev)
list(JOIN CPACK_DEBIAN_DEV_PACKAGE_DEPENDS ", " CPACK_DEBIAN_DEV_PACKAGE_DEPENDS)
