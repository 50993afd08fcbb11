# SPDX-License-Identifier: GPL-2.0
#
# Ends a build for a kernel that compat/ does not bridge, with a line that says
# so: the API of anything older is too far from the one of 7.3.

netvsc-oldest := 6.12

ifneq ($(shell printf '%s\n' $(netvsc-oldest) $(VERSION).$(PATCHLEVEL) | \
	sort -V | head -n1),$(netvsc-oldest))
  $(error hv_netvsc needs Linux $(netvsc-oldest) or later, and this is $(KERNELVERSION))
endif
