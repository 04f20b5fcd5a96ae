/* Two interfaces of each node on one wire: what one of them says is heard by both of the other node's. */
#include "tests/lab/shell.h"
#include "tests/netns/unbroken.h"

enum { SECOND_MAC = 0x11 /* last byte of ha1's, ha2's follows */ };

/* The second cable goes to the switch instead. Each interface answers for its own addresses alone. */
static void rewire(struct scene *scene) {
	char batch[256];
	const struct net *net = &scene->net;
	fault_count();
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA1]}, "ip link delete eth1");
	for (unsigned i = 0; i < NET_NODES; i++) {
		shell_print(batch, sizeof(batch),
			    "link add %s-2 type veth peer name eth1 address 02:00:00:00:01:%02x netns %s\n"
			    "link set %s-2 master sw0 up\n",
			    net_host_name(i), SECOND_MAC + i, net->ns[i], net_host_name(i));
		shell_must(&(struct shell_job){.ns = net->switch_ns, .input = batch}, "ip -batch -");
		shell_must(&(struct shell_job){.ns = net->ns[i]}, "ip link set eth1 up");
		shell_must(&(struct shell_job){.ns = net->ns[i]}, "sysctl -qw net.ipv4.conf.all.arp_ignore=1");
	}
}

NETNS_TEST(same_wire_alarm, "two links on one wire: neither node takes the other one for a stranger") {
	scene_open(scene, &(struct pair_conf){.links = PAIR_TWO_LINKS, .more = "foreign-claim = \"stand-down\""});
	rewire(scene);
	scene_start(scene, NET_HA1);
	nanos start = clock_now();
	scene_verb(scene, NET_HA1, "standdown");
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 did not take the role over");
	scene_watch(scene, NET_HA2, clock_now(), 2 * scene->within);
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_check(scene, !pair_logged(&scene->pair, host, "not ha1, not ha2"),
			    "%s takes the other node for a stranger", net_host_name(host));
	scene_bound(scene, scene_settle(scene) == NET_HA2, start, clock_now(), "the role moved");
}

/* The switch forwards all but heartbeats. */
static void block_heartbeats(struct scene *scene) {
	static const char rules[] = "table bridge block {\n"
				    "chain forward { type filter hook forward priority 0; ether type 0x88b5 drop; }\n"
				    "}\n";
	fault_count();
	shell_must(&(struct shell_job){.ns = scene->net.switch_ns, .input = rules}, "nft -f -");
}

NETNS_TEST(same_wire_holder, "two links on one wire, heartbeats blocked: no takeover while the shared IP is answered for") {
	/* Should the machine stand still until the lease runs out, nobody answers: what N1 (docs/SAFETY.md) excludes. */
	scene->expects_overlap = true;
	scene_open(scene, &(struct pair_conf){.links = PAIR_TWO_LINKS, .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	rewire(scene);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	block_heartbeats(scene);
	unbroken_check(scene, NET_HA1, fault, PAIR_SHARED);
}
