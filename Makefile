# SPDX-License-Identifier: GPL-2.0
#
# What a user of the repository calls.  The work is done by the scripts in RIG.

TESTS := tools/testing/selftests/net/netvsc
RIG := $(TESTS)/rig
DEMO := $(TESTS)/demo
CLOUDINIT := $(TESTS)/cloudinit
KERNEL ?= 6.12
DRIVER ?= ours
CYCLES ?= 1000

MAKEFLAGS += --no-print-directory

# Elapsed times count from here, in every script.
ifndef NETVSC_START
export NETVSC_START := $(shell date +%s)
endif

.PHONY: help demo check selftest kunit lint bench soak cloud-init shell modules series
.PHONY: series-check
.PHONY: deb deb-test hvhost clean distclean
.PHONY: packages-% prepare-kernel prepare-small prepare-full prepare-kselftest \
	prepare-hvhost prepare-modules

help:
	@echo 'make demo       a Hyper-V guest with our driver, and its VF come and go'
	@echo 'make check      tests of every kind, [T="STAGE ..."]; ends with'
	@echo '                "N passed, N failed", and ", N skipped" if there are any'
	@echo 'make selftest   [KERNEL=6.12|7.3] [DRIVER=ours|stock] [T="NAME ..."]'
	@echo '                [HOST=ws2012r2|ws2016|ws2019|ws2022|azure] [VCPUS=N]'
	@echo '                [MTU=1500] [LOOP=SECONDS] [TIMEOUT=SECONDS]'
	@echo "make kunit      the driver's KUnit tests, and what they cover"
	@echo 'make lint       static analysis, [T="TOOL ..."]'
	@echo 'make bench      instructions for each packet, ours and stock,'
	@echo '                [ORDER="stock ours ours stock"]; [KVM=1]: real time'
	@echo 'make soak       a VF comes and goes under load, [CYCLES=1000]'
	@echo '                [DRIVER=ours|stock]; and a picture of one cycle'
	@echo 'make cloud-init  full guests whose cloud-init is real, and VFs that come as'
	@echo '                they boot, [CASE="boot during after churn"] [BOOTS=N]'
	@echo '                [RENDERER="networkd ifupdown networkmanager"]'
	@echo '                [DRIVER=ours|stock]'
	@echo 'make shell      a shell in the test guest, [DRIVER=ours|stock|none]'
	@echo '                [KERNEL=6.12|7.3]'
	@echo 'make modules    the driver, out of tree, [KERNEL=6.12] or [KDIR=...]'
	@echo 'make series     the patches for the kernel, in out/series'
	@echo 'make series-check  each of them applies to 7.3, and builds'
	@echo 'make deb        the driver as a DKMS package for Debian, in out/deb'
	@echo 'make deb-test   a Debian guest that installs and removes it'
	@echo 'make hvhost     the Hyper-V host'
	@echo 'make clean      removes out/; make distclean the cache as well'

# Downloads, compilers and mmdebstrap wait for different things: let them
# overlap.
prepare = $(MAKE) -j $(addprefix prepare-,$(1))

demo:
	@$(RIG)/install-packages fetch build image run
	@$(call prepare,kernel small full hvhost modules)
	@$(DEMO)/run

check:
	@$(RIG)/install-packages fetch build bpf image run check series kernel \
		deb lint
	@$(RIG)/check $(T)

selftest:
	@$(RIG)/install-packages fetch build bpf run \
		$(if $(filter 7.3,$(KERNEL)),kernel)
	@$(call prepare,kernel small kselftest hvhost modules)
	@$(RIG)/selftest KERNEL=$(KERNEL) DRIVER=$(DRIVER) $(if $(T),T="$(T)") \
		$(foreach v,HOST VCPUS MTU LOOP TIMEOUT,\
			$(if $($(v)),$(v)=$($(v))))

cloud-init:
	@$(RIG)/install-packages fetch build image run
	@$(call prepare,kernel small full kselftest hvhost modules)
	@$(CLOUDINIT)/run DRIVER=$(DRIVER) \
		$(foreach v,CASE RENDERER BOOTS,$(if $($(v)),$(v)="$($(v))"))

shell:
	@$(RIG)/install-packages fetch build run
	@$(call prepare,kernel small hvhost modules)
	@$(RIG)/run --interactive --driver $(DRIVER) --kernel $(KERNEL) \
		--out out/shell

modules:
	@$(RIG)/install-packages fetch build
	@$(RIG)/modules KERNEL=$(KERNEL) $(if $(KDIR),KDIR="$(KDIR)")

bench:
	@$(RIG)/install-packages fetch build bench nested run
	@$(call prepare,kernel small hvhost modules)
	@$(TESTS)/bench/run $(if $(ORDER),--order "$(ORDER)") \
		$(if $(filter 1,$(KVM)),--kvm)

soak:
	@$(RIG)/install-packages fetch build soak run
	@$(call prepare,kernel small hvhost modules)
	@$(TESTS)/soak/run --cycles $(CYCLES) --driver $(DRIVER)
	@$(TESTS)/soak/picture

series:
	@$(RIG)/install-packages fetch series
	@$(RIG)/series

series-check:
	@$(RIG)/install-packages fetch build series kernel
	@$(RIG)/series-check

deb:
	@$(RIG)/install-packages deb
	@$(RIG)/deb

deb-test:
	@$(RIG)/install-packages fetch build image run deb
	@$(call prepare,kernel small hvhost)
	@$(RIG)/deb-test

kunit:
	@$(RIG)/install-packages fetch build bpf run kernel
	@$(call prepare,kernel small kselftest hvhost modules)
	@$(RIG)/kunit

lint:
	@$(RIG)/install-packages fetch build lint
	@$(RIG)/lint $(T)

hvhost:
	@$(RIG)/install-packages build
	@$(RIG)/hvhost

prepare-kernel:
	@$(RIG)/kernel $(KERNEL) >/dev/null
prepare-small prepare-full: prepare-%:
	@$(RIG)/image $* >/dev/null
prepare-kselftest:
	@$(RIG)/kselftest >/dev/null
prepare-hvhost:
	@$(RIG)/hvhost >/dev/null
prepare-modules:
	@$(RIG)/modules KERNEL=$(KERNEL) >/dev/null

clean:
	rm -rf out

distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/netvsc"
