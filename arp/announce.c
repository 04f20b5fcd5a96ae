/* Announcing addresses: see announce.h. */
#include "arp/announce.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include <unistd.h>

/* A thousand addresses are 2,000 frames, accounted with about 0.8 KiB each. */
enum { SEND_BUFFER = 4 << 20 };

int announce_init(struct announce *announce) {
	/* Protocol 0: this socket receives nothing. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int size = SEND_BUFFER;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)); /* as much as net.core.wmem_max lets us */
	*announce = (struct announce){.fd = fd};
	for (size_t i = 0; i < ANNOUNCE_FRAMES; i++) {
		announce->iov[i].iov_base = announce->frames[i];
		announce->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &announce->to[i],
			.msg_namelen = sizeof(announce->to[i]),
			.msg_iov = &announce->iov[i],
			.msg_iovlen = 1,
		};
	}
	return 0;
}

void announce_fini(struct announce *announce) {
	if (announce->fd >= 0)
		close(announce->fd);
	announce->fd = -1;
}

enum purpose { ANNOUNCE, PROBE };

static size_t frames_of(const struct announce_item *item, enum purpose purpose) {
	return purpose == ANNOUNCE && item->address.family == AF_INET ? 2 : 1;
}

static size_t put_announcement(const struct announce_item *item, bool second, uint8_t out[static FRAME_NA_LEN]) {
	if (item->address.family == AF_INET) {
		frame_gratuitous_arp(second, item->mac, &item->address, out);
		return FRAME_ARP_LEN;
	}
	frame_unsolicited_na(item->router, item->mac, &item->address, out);
	return FRAME_NA_LEN;
}

static size_t put_probe(const struct announce_item *item, uint8_t out[static FRAME_NA_LEN]) {
	_Static_assert(FRAME_NS_LEN <= FRAME_NA_LEN, "there is room for either");
	if (item->address.family == AF_INET) {
		frame_arp_probe(item->mac, &item->address, out);
		return FRAME_ARP_LEN;
	}
	frame_neighbour_solicitation(item->mac, &item->address, out);
	return FRAME_NS_LEN;
}

/* Builds frame `at` for an item: announced with IPv4, the request first, then the reply. */
static void build(struct announce *announce, size_t at, const struct announce_item *item, enum purpose purpose,
		  bool second) {
	bool ipv4 = item->address.family == AF_INET;
	announce->to[at] = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		/* The egress hook's rules go by this, not by the bytes of the frame. */
		.sll_protocol = htons(ipv4 ? ETH_P_ARP : ETH_P_IPV6),
		.sll_ifindex = item->ifindex,
	};
	uint8_t *frame = announce->frames[at];
	announce->iov[at].iov_len = purpose == PROBE ? put_probe(item, frame) : put_announcement(item, second, frame);
}

/* Sends frames 0 .. n - 1 and counts the items that went whole; each failure costs a system call more. */
static int flush(struct announce *announce, size_t n, size_t *whole) {
	int error = 0;
	size_t failed = SIZE_MAX; /* the newest item that failed, counted already */
	for (size_t i = 0; i < n;) {
		int sent = sendmmsg(announce->fd, &announce->messages[i], (unsigned)(n - i), 0);
		if (sent > 0) {
			i += (size_t)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (!error)
			error = -errno;
		if (announce->item[i] != failed)
			(*whole)--;
		failed = announce->item[i++];
	}
	return error;
}

static int send_all(struct announce *announce, enum purpose purpose, const struct announce_item *list, size_t n,
		    size_t *sent) {
	int first_error = 0;
	*sent = 0;
	for (size_t i = 0; i < n;) {
		size_t frames = 0;
		for (; i < n && frames + frames_of(&list[i], purpose) <= ANNOUNCE_FRAMES; i++) {
			assert(list[i].address.family == AF_INET || list[i].address.family == AF_INET6);
			for (size_t k = 0; k < frames_of(&list[i], purpose); k++, frames++) {
				build(announce, frames, &list[i], purpose, k == 1);
				announce->item[frames] = i;
			}
			++*sent; /* until flush() knows better */
		}
		int error = flush(announce, frames, sent);
		if (!first_error)
			first_error = error;
	}
	return first_error;
}

int announce_send(struct announce *announce, const struct announce_item *list, size_t n, size_t *sent) {
	return send_all(announce, ANNOUNCE, list, n, sent);
}

int announce_probe(struct announce *announce, const struct announce_item *list, size_t n, size_t *sent) {
	return send_all(announce, PROBE, list, n, sent);
}
