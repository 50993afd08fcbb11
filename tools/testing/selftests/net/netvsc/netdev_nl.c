// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel says over netlink of a network device, and no packaged tool shows.
 *
 *	netdev_nl queues DEVICE		a line for each queue: "rx 0 513", with the number
 *					of its NAPI instance, or "rx 0 -" if it has none
 *	netdev_nl xdp DEVICE		what of XDP it can do, a word a line: "basic"
 *
 * Errors are said in one line, with exit status 1, or 2 for wrong use.
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <ynl.h>

#include "netdev-user.h"

static int complain(const struct ynl_sock *ys)
{
	fprintf(stderr, "netdev_nl: %s\n", ys->err.msg);
	return 1;
}

static int show_queues(struct ynl_sock *ys, unsigned int ifindex)
{
	struct netdev_queue_get_req_dump *req;
	struct netdev_queue_get_list *queues;

	req = netdev_queue_get_req_dump_alloc();
	netdev_queue_get_req_dump_set_ifindex(req, ifindex);
	queues = netdev_queue_get_dump(ys, req);
	netdev_queue_get_req_dump_free(req);
	if (!queues)
		return complain(ys);

	ynl_dump_foreach(queues, queue) {
		printf("%s %u ", netdev_queue_type_str(queue->type), queue->id);
		if (queue->_present.napi_id)
			printf("%u\n", queue->napi_id);
		else
			printf("-\n");
	}
	netdev_queue_get_list_free(queues);
	return 0;
}

static int show_xdp(struct ynl_sock *ys, unsigned int ifindex)
{
	struct netdev_dev_get_req *req;
	struct netdev_dev_get_rsp *dev;
	unsigned int bit;
	const char *name;

	req = netdev_dev_get_req_alloc();
	netdev_dev_get_req_set_ifindex(req, ifindex);
	dev = netdev_dev_get(ys, req);
	netdev_dev_get_req_free(req);
	if (!dev)
		return complain(ys);

	for (bit = 0; bit < 64; bit++) {
		if (!(dev->xdp_features >> bit & 1))
			continue;
		name = netdev_xdp_act_str(1ULL << bit);
		if (name)
			puts(name);
		else
			printf("%u\n", bit);
	}
	netdev_dev_get_rsp_free(dev);
	return 0;
}

static const struct show {
	const char *what;
	int (*run)(struct ynl_sock *ys, unsigned int ifindex);
} shows[] = {
	{ "queues", show_queues },
	{ "xdp", show_xdp },
};

int main(int argc, char **argv)
{
	const struct show *show = shows;
	struct ynl_error error;
	unsigned int ifindex;
	struct ynl_sock *ys;
	int status;

	if (argc == 3 && strcmp(argv[1], shows[0].what))
		show++;
	if (argc != 3 || strcmp(argv[1], show->what)) {
		fprintf(stderr, "usage: netdev_nl queues|xdp DEVICE\n");
		return 2;
	}
	ifindex = if_nametoindex(argv[2]);
	if (!ifindex) {
		perror(argv[2]);
		return 1;
	}
	ys = ynl_sock_create(&ynl_netdev_family, &error);
	if (!ys) {
		fprintf(stderr, "netdev_nl: %s\n", error.msg);
		return 1;
	}
	status = show->run(ys, ifindex);
	ynl_sock_destroy(ys);
	return status;
}
