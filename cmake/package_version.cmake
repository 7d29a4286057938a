# SPDX-License-Identifier: Apache-2.0
# Read by cpack, which alone knows the revision.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "libnodedb-cluster0 (= ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
