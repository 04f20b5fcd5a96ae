/* A link over UDP beside one of Ethernet frames. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

enum { HEARTBEAT_PORT = 4411 /* where the configuration names none */ };

#define LINK(name, address) "links = ( { name = \"" name "\" address = \"" address "\" } )"

NETNS_TEST(udp_beside, "the carrier of the only Ethernet link is lost: the UDP link keeps the lease, and nothing changes") {
	scene_open(scene, &(struct pair_conf){.node = {LINK("eth0", "192.0.2.11"), LINK("eth0", "192.0.2.12")},
					      .links = "{ name = \"eth1\" }, { name = \"eth0\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_second_cable(&scene->net, false);
	scene_wait(scene, NET_HA1, "/links/0/up", "false");
	scene_watch(scene, NET_HA1, fault, 5 * scene->within);
	net_second_cable(&scene->net, true);
	scene_wait(scene, NET_HA1, "/links/0/up", "true");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
}

NETNS_TEST(udp_carrier, "the shared IP's carrier is lost: it is told over the UDP link, and the backup serves at once") {
	scene_open(scene, &(struct pair_conf){.node = {LINK("eth1", "198.51.100.1"), LINK("eth1", "198.51.100.2")},
					      .links = "{ name = \"eth0\" }, { name = \"eth1\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_served(scene, NET_HA2, fault, scene->within / 2, false);
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its cable came back");
}

NETNS_TEST(udp_port_taken, "another program has the UDP link's port: the link comes up once that program is gone") {
	scene_open(scene, &(struct pair_conf){.node = {LINK("eth1", "198.51.100.1"), LINK("eth1", "198.51.100.2")},
					      .links = "{ name = \"eth0\" }, { name = \"eth1\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	int back = shell_enter(scene->net.ns[NET_HA1]), taken = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(HEARTBEAT_PORT)};
	shell_leave(back);
	scene_check(scene, bind(taken, (struct sockaddr *)&name, sizeof(name)) == 0, "the test cannot have the port");
	scene_start(scene, NET_HA1);
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA1, "heartbeats cannot use eth1: Address already in use",
				     scene_patience(scene)),
		    "nobody says why");
	scene_wait(scene, NET_HA1, "/links/1/up", "false");
	/* By then the kernel's notices of the start are over, each of which would have it tried again. */
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA2, "link eth1 is up, and brings nothing of ha1",
				     scene_patience(scene)),
		    "the peer does not say that the link is silent");
	nanos freed = clock_now();
	close(taken);
	scene_wait(scene, NET_HA1, "/links/1/up", "true");
	scene_watch(scene, NET_HA1, freed, 2 * scene->within);
}

NETNS_TEST(udp_address,
	   "the UDP link's address goes and comes: the link goes and comes with it, and nothing else changes") {
	scene_open(scene, &(struct pair_conf){.node = {LINK("eth1", "198.51.100.1"), LINK("eth1", "198.51.100.2")},
					      .links = "{ name = \"eth0\" }, { name = \"eth1\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	shell_must(&(struct shell_job){.ns = scene->net.ns[NET_HA1]}, "ip address delete 198.51.100.1/24 dev eth1");
	scene_wait(scene, NET_HA1, "/links/1/up", "false");
	shell_must(&(struct shell_job){.ns = scene->net.ns[NET_HA1]}, "ip address add 198.51.100.1/24 dev eth1");
	scene_wait(scene, NET_HA1, "/links/1/up", "true");
	double before = pair_number(&scene->pair, NET_HA2, "/links/1/received");
	for (nanos end = scene_patience(scene); pair_number(&scene->pair, NET_HA2, "/links/1/received") <= before;)
		scene_check(scene, clock_now() < end, "no heartbeat comes over the link that is back");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
}
