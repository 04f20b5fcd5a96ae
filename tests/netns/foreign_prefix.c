/* Another program puts the shared IP on the backup, under a prefix of its own. */
#include "tests/lab/shell.h"
#include "tests/netns/test.h"

NETNS_TEST(foreign_prefix, "the shared IP is added to the backup under another prefix: it is removed, and told") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	/* What another program does is no second owner of ours: the backup answers neither ARP nor echo for it
	 * meanwhile. */
	const struct shell_job job = {.ns = scene->net.ns[NET_HA2]};
	fault_count();
	shell_must(&job, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8");
	shell_must(&job, "nft add table ip deaf");
	shell_must(&job, "nft add chain ip deaf in { type filter hook input priority 0 ; }");
	shell_must(&job, "nft add rule ip deaf in ip daddr " PAIR_SHARED " drop");
	shell_must(&job, "ip address add " PAIR_SHARED "/32 dev eth0");
	scene_check(
		scene,
		pair_wait_logged(&scene->pair, NET_HA2, "a shared IP under another prefix: removed", scene_patience(scene)),
		"nobody says that another program added the shared IP");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA2, PAIR_SHARED), "the shared IP stays on the backup");
}
