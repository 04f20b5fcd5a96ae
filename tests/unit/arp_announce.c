/* Announcing addresses over a real wire, to a real neighbour. */
#include "arp/announce.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/netlink_sandbox.h"

static struct announce announce;
static const uint8_t mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01}; /* SANDBOX_LEFT_MAC */

static void enter(void) {
	sandbox_enter();
	cr_assert_eq(announce_init(&announce), 0);
}

static void leave(void) {
	announce_fini(&announce);
}

TestSuite(arp_announce, .init = enter, .fini = leave);

static struct announce_item item(const char *interface, const char *address) {
	struct announce_item one = {.ifindex = sandbox_index(interface), .address = sandbox_address(address)};
	memcpy(one.mac, mac, sizeof(mac));
	return one;
}

/* A socket on the other side that sees every frame. */
static int sniffer(void) {
	sandbox_go(SANDBOX_RIGHT);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	cr_assert_geq(fd, 0);
	int size = 16 << 20;
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = sandbox_index("right")};
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	sandbox_go(SANDBOX_LEFT);
	return fd;
}

/* The next claim that came over the wire with our MAC; false: none is there. */
static bool next_claim(int fd, struct frame_claim *claim) {
	uint8_t frame[ETH_FRAME_LEN];
	ssize_t len;
	while ((len = recv(fd, frame, sizeof(frame), 0)) >= 0)
		if (frame_parse(frame, (size_t)len, claim) == 0 && memcmp(claim->mac, mac, sizeof(mac)) == 0)
			return true;
	return false;
}

Test(arp_announce, every_address_in_every_form) {
	static struct announce_item list[CORE_IPS];
	static unsigned seen[CORE_IPS][FRAME__KINDS];
	int fd = sniffer(), left = sandbox_index("left");
	for (unsigned i = 0; i < CORE_IPS; i++) {
		list[i] = (struct announce_item){.ifindex = left, .address = sandbox_nth(i)};
		memcpy(list[i].mac, mac, sizeof(mac));
	}
	size_t sent = 0, frames = 0, wanted = 0;
	cr_assert_eq(announce_send(&announce, list, CORE_IPS, &sent), 0);
	cr_assert_eq(sent, CORE_IPS);
	for (unsigned i = 0; i < CORE_IPS; i++)
		wanted += list[i].address.family == AF_INET ? 2 : 1;

	for (struct sandbox_wait wait = {0}; frames < wanted;) {
		struct frame_claim claim;
		if (!next_claim(fd, &claim)) {
			cr_assert(sandbox_waiting(&wait), "%zu of %zu frames", frames, wanted);
			continue;
		}
		cr_assert(claim.gratuitous);
		for (unsigned i = 0; i < CORE_IPS; i++)
			if (memcmp(&claim.address, &list[i].address, sizeof(claim.address)) == 0)
				seen[i][claim.kind]++;
		frames++;
	}
	for (unsigned i = 0; i < CORE_IPS; i++) {
		bool ipv4 = list[i].address.family == AF_INET;
		cr_assert_eq(seen[i][FRAME_ARP_REQUEST], ipv4);
		cr_assert_eq(seen[i][FRAME_ARP_REPLY], ipv4);
		cr_assert_eq(seen[i][FRAME_NA], !ipv4);
	}
	close(fd);
}

Test(arp_announce, one_failure_does_not_hold_up_the_others) {
	sandbox_run("ip link add idle type veth peer name spare"); /* stays down */
	struct announce_item list[] = {item("left", "192.0.2.10"), item("idle", "192.0.2.11"), item("left", "192.0.2.12"),
				       item("idle", "2001:db8::11"), item("left", "2001:db8::12")};
	int fd = sniffer();
	size_t sent = 0;
	cr_assert_eq(announce_send(&announce, list, 5, &sent), -ENETDOWN);
	cr_assert_eq(sent, 3);
	unsigned frames = 0;
	for (struct sandbox_wait wait = {0}; frames < 2 + 2 + 1;) {
		struct frame_claim claim;
		if (next_claim(fd, &claim))
			frames++;
		else
			cr_assert(sandbox_waiting(&wait));
	}
	close(fd);
}

Test(arp_announce, an_interface_that_is_gone) {
	struct announce_item one = item("left", "192.0.2.10");
	sandbox_run("ip link del left");
	size_t sent = 1;
	cr_assert_eq(announce_send(&announce, &one, 1, &sent), -ENXIO);
	cr_assert_eq(sent, 0);
}

/* Questions go out as announcements do, one frame each, and claim nothing. */
Test(arp_announce, every_address_is_asked_for_once) {
	static struct announce_item list[CORE_IPS];
	static unsigned asked[CORE_IPS];
	int fd = sniffer(), left = sandbox_index("left");
	for (unsigned i = 0; i < CORE_IPS; i++) {
		list[i] = (struct announce_item){.ifindex = left, .address = sandbox_nth(i)};
		memcpy(list[i].mac, mac, sizeof(mac));
	}
	size_t sent = 0, frames = 0;
	cr_assert_eq(announce_probe(&announce, list, CORE_IPS, &sent), 0);
	cr_assert_eq(sent, CORE_IPS);
	for (struct sandbox_wait wait = {0}; frames < CORE_IPS;) {
		uint8_t frame[ETH_FRAME_LEN], wanted[FRAME_NA_LEN];
		struct frame_claim claim;
		ssize_t len = recv(fd, frame, sizeof(frame), 0);
		if (len < 0 || memcmp(frame + ETH_ALEN, mac, sizeof(mac)) != 0) {
			cr_assert(len >= 0 || sandbox_waiting(&wait), "%zu of %d frames", frames, CORE_IPS);
			continue;
		}
		cr_assert_eq(frame_parse(frame, (size_t)len, &claim), -ENOMSG);
		for (unsigned i = 0; i < CORE_IPS; i++) {
			bool ipv4 = list[i].address.family == AF_INET;
			if (ipv4)
				frame_arp_probe(mac, &list[i].address, wanted);
			else
				frame_neighbour_solicitation(mac, &list[i].address, wanted);
			asked[i] += (size_t)len == (ipv4 ? FRAME_ARP_LEN : FRAME_NS_LEN) &&
				    memcmp(frame, wanted, (size_t)len) == 0;
		}
		frames++;
	}
	for (unsigned i = 0; i < CORE_IPS; i++)
		cr_assert_eq(asked[i], 1, "shared IP %u was asked for %u times", i, asked[i]);
	close(fd);
}

Test(arp_announce, nothing_to_announce) {
	size_t sent = 1;
	cr_assert_eq(announce_send(&announce, NULL, 0, &sent), 0);
	cr_assert_eq(sent, 0);
	sent = 1;
	cr_assert_eq(announce_probe(&announce, NULL, 0, &sent), 0);
	cr_assert_eq(sent, 0);
}

/* What it is all for: a neighbour that knew the address elsewhere learns where it is now. */
Test(arp_announce, a_neighbour_learns) {
	static const char *const addresses[] = {"192.0.2.10", "2001:db8::10"};
	struct announce_item list[] = {item("left", addresses[0]), item("left", addresses[1])};
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.1/24 dev right && ip address add 2001:db8::1/64 dev right nodad");
	for (size_t i = 0; i < 2; i++)
		sandbox_run("ip neigh add %s lladdr 02:00:5e:10:00:77 nud reachable dev right", addresses[i]);
	sandbox_go(SANDBOX_LEFT);
	size_t sent;
	cr_assert_eq(announce_send(&announce, list, 2, &sent), 0);
	sandbox_go(SANDBOX_RIGHT);
	for (size_t i = 0; i < 2; i++)
		for (struct sandbox_wait wait = {0};
		     !sandbox_try("ip neigh show to %s dev right | grep -q " SANDBOX_LEFT_MAC, addresses[i]);)
			cr_assert(sandbox_waiting(&wait), "%s is still elsewhere", addresses[i]);
}
