/* What the node makes of claims on a real wire: the peer's, a stranger's, its own; and whom it asks. The node is of straw,
 * its core, its watch and its interfaces are real. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/node/parts.h"
#include "tests/unit/netlink_sandbox.h"

enum { IPS = 40, ON_LEFT2 = IPS - 1 /* the last one alone lives on left2 */ };

static const uint8_t right_mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x02}; /* SANDBOX_RIGHT_MAC */
static const uint8_t other_mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x77};

static struct node *node;

static void configure(void) {
	static struct conf_errors errors;
	static char text[8192];
	size_t used = (size_t)snprintf(text, sizeof text,
				       "cluster = \"edge\"\npsk-file = \"/etc/hamon/psk\"\n"
				       "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
				       "connectivity-test = { ips = [ \"192.0.2.254\" ] }\nshared-ips = (");
	for (unsigned i = 0; i < IPS; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s { address = \"%s%u%s\" interface = \"%s\" }",
					 i ? "," : "", i % 2 ? "2001:db8::" : "192.0.2.", 10 + i, i % 2 ? "/64" : "/24",
					 i == ON_LEFT2 ? "left2" : "left");
	snprintf(text + used, sizeof text - used, ")\n");
	cr_assert_eq(conf_read(text, "test", "ha1", &node->conf, &errors), 0, "%s", errors.text[0]);
	struct timers_ask ask = conf_timers_ask(&node->conf, 4 * MSEC, 4 * MSEC);
	cr_assert_eq(timers_derive(&ask, &node->core_config.timers), 0);
	node_ips_configure(node);
	for (unsigned i = 0; i < node->interfaces_n; i++)
		cr_assert_eq(iface_get(&node->rtnl, node->interfaces[i].name, &node->interfaces[i].iface), 0);
	node->core_config.ips = node_ips_wanted(node);
}

static void set_up(void) {
	static const struct core_memory memory = {.boot = 1, .reserved = 64};
	sandbox_enter();
	sandbox_run("ip link add left2 type veth peer name right2 && ip link set left2 up && ip link set right2 up");
	for (struct sandbox_wait wait = {0}; !sandbox_try("ip link show left2 2>/dev/null | grep -q 'state UP'");)
		cr_assert(sandbox_waiting(&wait));
	node = calloc(1, sizeof *node);
	node->names[0] = "ha1";
	node->names[1] = "ha2";
	node->now = node->started = mono_now();
	notes_init(&node->notes);
	stamp_init(&node->stamp, node->now);
	cr_assert_eq(loop_init(&node->loop), 0);
	cr_assert_eq(rtnl_init(&node->rtnl), 0);
	cr_assert_eq(announce_init(&node->announce), 0);
	configure();
	core_init(&node->core, &node->core_config, &memory, node->now);
	cr_assert_eq(node_arp_init(node), 0);
	node_arp_tick(node);
	for (unsigned i = 0; i < node->interfaces_n; i++)
		for (struct sandbox_wait wait = {0};
		     arp_watch_state(node->arp.watch, node->interfaces[i].iface.ifindex) != 0;) {
			cr_assert(sandbox_waiting(&wait));
			node_arp_drain(node);
		}
}

static void tear_down(void) {
	node_arp_fini(node);
	announce_fini(&node->announce);
	rtnl_fini(&node->rtnl);
	loop_fini(&node->loop);
	free(node);
}

TestSuite(node_arp, .init = set_up, .fini = tear_down);

static struct node_interface *interface(const char *name) {
	for (unsigned i = 0; i < node->interfaces_n; i++)
		if (strcmp(node->interfaces[i].name, name) == 0)
			return &node->interfaces[i];
	cr_assert(false, "no interface %s", name);
	return NULL;
}

static void peer_is_at(const char *name, const uint8_t mac[static FRAME_MAC_LEN]) {
	struct node_interface *at = interface(name);
	memcpy(at->peer_macs[at->peer_macs_n++ % NODE_PEER_MACS], mac, FRAME_MAC_LEN);
}

static void send_from(const char *name, const uint8_t *frame, size_t len) {
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = sandbox_index(name)};
	cr_assert_eq(sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)len, "%m");
	close(fd);
}

/* A host at the right end claims the address. */
static void claim(const uint8_t mac[static FRAME_MAC_LEN], const char *text) {
	uint8_t frame[FRAME_NA_LEN];
	struct ip_address address = sandbox_address(text);
	bool ipv4 = address.family == AF_INET;
	if (ipv4)
		frame_gratuitous_arp(true, mac, &address, frame);
	else
		frame_unsolicited_na(false, mac, &address, frame);
	sandbox_go(SANDBOX_RIGHT);
	send_from("right", frame, ipv4 ? FRAME_ARP_LEN : FRAME_NA_LEN);
	sandbox_go(SANDBOX_LEFT);
}

static bool strange(const struct core_status *core) {
	return core->stranger_at != MONO_NEVER;
}

/* Who claims a shared IP now, the newest of all; NULL: nobody else does. */
static const struct node_stranger *standing(void) {
	const struct node_stranger *newest = NULL;

	for (unsigned i = 0; i < NODE_STRANGERS; i++) {
		const struct node_stranger *stranger = &node->arp.strangers[i];
		if (stranger->stands && (!newest || stranger->at > newest->at))
			newest = stranger;
	}
	return newest;
}

static bool held(const struct core_status *core) {
	return core->holder_at != MONO_NEVER;
}

static void drain(void) {
	node->now = mono_max(node->now, mono_now());
	node_arp_drain(node);
}

/* Reads what came in until the core knows of it. */
static void await(bool (*knows)(const struct core_status *core)) {
	for (struct sandbox_wait wait = {0}; !knows(node_status(node));) {
		cr_assert(sandbox_waiting(&wait), "the core is not told");
		drain();
	}
}

static void await_claims(uint64_t claims) {
	for (struct sandbox_wait wait = {0}; node->arp.newest.claims < claims;) {
		cr_assert(sandbox_waiting(&wait), "%llu claims", (unsigned long long)node->arp.newest.claims);
		drain();
	}
}

static unsigned notes(int detail) {
	unsigned n = 0;
	for (unsigned i = 0; i < node->notes.n; i++) {
		const struct note *note = &node->notes.ring[(node->notes.first + i) % NOTES_RING].note;
		n += note->type == NOTE_STRANGER && note->detail == detail;
	}
	return n;
}

static const struct note *newest_note(void) {
	for (unsigned i = node->notes.n; i-- > 0;) {
		const struct note *note = &node->notes.ring[(node->notes.first + i) % NOTES_RING].note;
		if (note->type == NOTE_STRANGER)
			return note;
	}
	cr_assert(false, "nothing was said of a stranger");
	return NULL;
}

static void later(span_t by) {
	node->now += by;
	node_arp_tick(node);
}

Test(node_arp, the_peers_claim_proves_a_holder) {
	peer_is_at("left", right_mac);
	claim(right_mac, "192.0.2.12");
	await(held);
	cr_assert_eq(node->arp.holder, 2, "slot %u", node->arp.holder);
	cr_assert_not(strange(node_status(node)));
	cr_assert_eq(notes(1), 0);
	cr_assert_null(standing());
}

/* The peer's interfaces stand for one another: Linux answers for an address by any of them. */
Test(node_arp, the_peers_other_interface) {
	peer_is_at("left", right_mac);
	peer_is_at("left2", other_mac);
	claim(other_mac, "192.0.2.12");
	await(held);
	cr_assert_not(strange(node_status(node)));
}

/* Several of them on one wire: whichever spoke last. */
Test(node_arp, the_peers_interfaces_on_one_wire) {
	peer_is_at("left", right_mac);
	for (unsigned i = 1; i < NODE_PEER_MACS; i++)
		peer_is_at("left", (const uint8_t[FRAME_MAC_LEN]){0x02, [FRAME_MAC_LEN - 1] = (uint8_t)i});
	claim(right_mac, "192.0.2.12");
	await(held);
	cr_assert_not(strange(node_status(node)));
	peer_is_at("left", other_mac);
	cr_assert_not(node_arp_is_peers(interface("left"), right_mac), "there is no room for more");
	cr_assert(node_arp_is_peers(interface("left"), other_mac));
}

/* No Ethernet heartbeat told where the peer is: then whoever answers may be the peer. */
Test(node_arp, while_the_peer_is_not_known_anybody_may_be_it) {
	peer_is_at("left2", other_mac);
	claim(right_mac, "2001:db8::11");
	await(held);
	cr_assert_not(strange(node_status(node)));
	cr_assert_eq(notes(1), 0);
}

/* Unless the peer says that it has no lease, which we have: its kernel lets it claim nothing. */
static void we_hold_and_hear_the_peer(void) {
	node->core_config.timers.unheard = 3600 * SEC; /* it is heard for the rest of the test */
	node->core.hold = true;
	node->core.peer.known = node->core.peer.says = true;
	node->core.peer.accepted = 1;
	node->core.peer.rx = node->core.state_since = node->now;
}

Test(node_arp, a_peer_without_a_lease_is_not_it) {
	we_hold_and_hear_the_peer();
	claim(right_mac, "192.0.2.12");
	await(strange);
	cr_assert_not(held(node_status(node)));
	cr_assert_eq(notes(1), 1);
}

Test(node_arp, a_peer_that_may_have_the_lease_may_be_it) {
	static const char *const why[] = {"we have no lease", "the peer has one as well", "it is not heard",
					  "it may have had one then"};
	for (size_t i = 0; i < sizeof why / sizeof *why; i++) {
		we_hold_and_hear_the_peer();
		node->core.hold = i != 0;
		node->core.peer.frame.lease = i == 1;
		node->core.peer.accepted = i != 2;
		node->core.state_since += i == 3 ? 3600 * SEC : 0;
		node->core.holder_at = MONO_NEVER;
		claim(right_mac, "192.0.2.12");
		await(held);
		cr_assert_not(strange(node_status(node)), "%s", why[i]);
	}
}

Test(node_arp, a_stranger_is_named_once) {
	peer_is_at("left", other_mac);
	for (unsigned i = 0; i < 5; i++)
		claim(right_mac, "192.0.2.10");
	await(strange);
	await_claims(5);
	cr_assert_not(held(node_status(node)));
	cr_assert_eq(notes(1), 1);
	cr_assert_str_eq(newest_note()->text, "192.0.2.10 is at 02:00:5e:10:00:02 on left, not ha1, not ha2");
	const struct node_stranger *stranger = standing();
	cr_assert_not_null(stranger);
	cr_assert_eq(stranger->slot, 0);
	cr_assert_eq(stranger->claims, 5);
	cr_assert_arr_eq(stranger->mac, right_mac, FRAME_MAC_LEN);
	cr_assert_eq(node->arp.newest.claims, 5);
	cr_assert_eq(node->arp.newest.at, stranger->at);
	claim(right_mac, "2001:db8::11"); /* another shared IP is another matter */
	for (struct sandbox_wait wait = {0}; notes(1) < 2;) {
		cr_assert(sandbox_waiting(&wait));
		drain();
	}
	cr_assert_str_eq(newest_note()->text, "2001:db8::11 is at 02:00:5e:10:00:02 on left, not ha1, not ha2");
}

/* Two hosts that quarrel over one address are not told of with each frame. */
Test(node_arp, another_stranger_is_told_of_later) {
	static const uint8_t third_mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x78};
	peer_is_at("left", other_mac);
	claim(right_mac, "192.0.2.10");
	claim(third_mac, "192.0.2.10");
	claim(right_mac, "192.0.2.10");
	claim(third_mac, "192.0.2.10");
	await_claims(4);
	cr_assert_eq(notes(1), 1);
	later(10 * SEC);
	claim(third_mac, "192.0.2.10");
	await_claims(5);
	cr_assert_eq(notes(1), 2);
	cr_assert_str_eq(newest_note()->text, "192.0.2.10 is at 02:00:5e:10:00:78 on left, not ha1, not ha2");
}

Test(node_arp, a_stranger_that_is_quiet_is_gone) {
	peer_is_at("left", other_mac);
	claim(right_mac, "192.0.2.10");
	await_claims(1);
	later(50 * SEC);
	cr_assert_eq(notes(0), 0);
	cr_assert_not_null(standing());
	later(10 * SEC);
	cr_assert_eq(notes(0), 1);
	cr_assert_str_eq(newest_note()->text,
			 "192.0.2.10 was at 02:00:5e:10:00:02 on left, and nobody has claimed it for 60 s");
	cr_assert_null(standing());
	cr_assert_eq(node->arp.newest.claims, 1, "status still tells of it");
	later(SEC);
	cr_assert_eq(notes(0), 1);
}

Test(node_arp, what_is_ours_is_no_news) {
	peer_is_at("left", other_mac);
	claim(interface("left")->iface.mac, "192.0.2.10");
	claim(interface("left2")->iface.mac, "192.0.2.10");
	claim(right_mac, "192.0.2.200"); /* not shared */
	claim(right_mac, "192.0.2.10");  /* behind them */
	await_claims(1);
	cr_assert_eq(node->arp.newest.slot, 0);
	cr_assert_not(held(node_status(node)));
	cr_assert_eq(notes(1), 1);
}

/* left2 is another network: the same address there is another one. */
Test(node_arp, an_address_of_another_network) {
	struct ip_address address = node->conf.ips[ON_LEFT2].address;
	char text[INET6_ADDRSTRLEN];
	peer_is_at("left", other_mac);
	claim(right_mac, conf_address_text(&address, text));
	claim(right_mac, "192.0.2.10");
	await_claims(1);
	cr_assert_eq(node->arp.newest.slot, 0);
	cr_assert_eq(notes(1), 1);
}

Test(node_arp, more_strangers_than_there_is_room_for) {
	char text[INET6_ADDRSTRLEN];
	peer_is_at("left", other_mac);
	for (unsigned i = 0; i <= NODE_STRANGERS; i++)
		claim(right_mac, conf_address_text(&node->conf.ips[i].address, text));
	for (struct sandbox_wait wait = {0}; node->arp.newest.slot != NODE_STRANGERS;) {
		cr_assert(sandbox_waiting(&wait));
		drain();
	}
	cr_assert_eq(notes(1), NODE_STRANGERS);
	cr_assert_geq(node_status(node)->stranger_at, node->arp.newest.at, "it is acted upon nevertheless");
}

static unsigned said(enum note_type type) {
	unsigned n = 0;
	for (unsigned i = 0; i < node->notes.n; i++)
		n += node->notes.ring[(node->notes.first + i) % NOTES_RING].note.type == type;
	return n;
}

/* What goes well is not said, nor what is said elsewhere: a new interface, one that is down, one that is gone. */
Test(node_arp, watching_is_not_talked_about) {
	node_arp_review(node);
	later(0);
	sandbox_run("ip link set left2 down");
	later(20 * SEC);
	drain();
	later(20 * SEC);
	sandbox_run("ip link set left2 up && ip link del left2");
	for (struct sandbox_wait wait = {0};
	     arp_watch_state(node->arp.watch, interface("left2")->iface.ifindex) != -ENODEV;) {
		cr_assert(sandbox_waiting(&wait));
		drain();
	}
	later(20 * SEC);
	cr_assert_eq(said(NOTE_ERROR) + said(NOTE_WARNING), 0);
}

static void await_failure(int ifindex) {
	for (struct sandbox_wait wait = {0}; arp_watch_state(node->arp.watch, ifindex) != -EIO;) {
		cr_assert(sandbox_waiting(&wait));
		drain();
	}
}

/* What else is wrong is said once, if it stays so: here, that left2 is a name of no Ethernet interface any more. */
Test(node_arp, what_cannot_be_watched_is_said) {
	struct iface *iface = &interface("left2")->iface;
	sandbox_run("ip link del left2 && ip tuntap add left2 mode tun && ip link set left2 up");
	iface->ifindex = sandbox_index("left2");
	later(0);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(said(NOTE_ERROR), 0, "the next trial may do");
		node_arp_review(node);
		later(0);
		await_failure(iface->ifindex);
	}
	for (unsigned i = 0; i < 3; i++) {
		later(10 * SEC);
		cr_assert_eq(said(NOTE_ERROR), 1);
		await_failure(iface->ifindex);
	}
}

/* ---- questions ---- */

/* Sockets at the far ends, which see what is asked. */
static int listen_at(const char *name) {
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = sandbox_index(name)};
	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Counts, for each shared IP, the questions that came. A veth delivers while it sends. */
static void count_asked(int fd, unsigned asked[static IPS]) {
	uint8_t frame[ETH_FRAME_LEN], wanted[FRAME_NA_LEN];
	ssize_t len;
	while ((len = recv(fd, frame, sizeof frame, 0)) >= 0)
		for (unsigned i = 0; i < IPS; i++) {
			const struct ip_address *address = &node->conf.ips[i].address;
			const uint8_t *mac = interface(i == ON_LEFT2 ? "left2" : "left")->iface.mac;
			size_t wanted_len = address->family == AF_INET ? FRAME_ARP_LEN : FRAME_NS_LEN;
			if (address->family == AF_INET)
				frame_arp_probe(mac, address, wanted);
			else
				frame_neighbour_solicitation(mac, address, wanted);
			asked[i] += (size_t)len == wanted_len && memcmp(frame, wanted, wanted_len) == 0;
		}
}

/* So many a call, all in turn, and each network every time. */
Test(node_arp, shared_ips_are_asked_for_in_turn) {
	enum { CALLS = 13 };
	unsigned asked[IPS] = {0}, least = CALLS, most = 0;
	struct ip_set all = node_ips_wanted(node);
	int far2 = listen_at("right2");
	sandbox_go(SANDBOX_RIGHT);
	int far = listen_at("right");
	sandbox_go(SANDBOX_LEFT);
	for (size_t call = 1; call <= CALLS; call++) {
		node_arp_probe(node, &all);
		count_asked(far, asked);
		count_asked(far2, asked);
		cr_assert_eq(asked[ON_LEFT2], call);
		cr_assert_eq(node->arp.probes, call * NODE_PROBES);
	}
	for (unsigned i = 0; i < ON_LEFT2; i++) {
		least = asked[i] < least ? asked[i] : least;
		most = asked[i] > most ? asked[i] : most;
	}
	cr_assert_geq(least, CALLS * (NODE_PROBES - 1) / ON_LEFT2);
	cr_assert_leq(most, least + 1);
	close(far);
	close(far2);
}

Test(node_arp, only_what_is_asked_for_is_asked) {
	unsigned asked[IPS] = {0};
	struct ip_set two = {0}, none = {0};
	sandbox_go(SANDBOX_RIGHT);
	int far = listen_at("right");
	sandbox_go(SANDBOX_LEFT);
	ip_set_add(&two, 3);
	ip_set_add(&two, 30);
	node_arp_probe(node, &two);
	node_arp_probe(node, &none);
	count_asked(far, asked);
	for (unsigned i = 0; i < IPS; i++)
		cr_assert_eq(asked[i], i == 3 || i == 30, "shared IP %u", i);
	close(far);
}
