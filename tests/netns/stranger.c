/* Strangers: see stranger.h. */
#include "tests/netns/stranger.h"

#include <stdio.h>

static const nanos alarm_most = NANOS_SEC;

void stranger_open(struct scene *scene, const struct pair_conf *conf) {
	scene->expects_stranger = true;
	scene_open(scene, conf);
	net_add(&scene->net, NET_STRANGER);
	scene_start(scene, NET_HA1);
}

void stranger_check_alarm(struct scene *scene, enum net_host host, nanos claim) {
	const char *said = PAIR_SHARED " is at " STRANGER_MAC " on " PAIR_INTERFACE;
	bool logged = pair_wait_logged(&scene->pair, host, said, claim + alarm_most);
	nanos now = clock_now();
	printf("%s said so after %.0f ms at most\n", net_host_name(host), clock_ms(now - claim));
	scene_bound(scene, logged, claim, now, "%s does not log within a second: %s", net_host_name(host), said);
	scene_wait(scene, host, "/stranger/mac", STRANGER_MAC);
	scene_wait(scene, host, "/stranger_stands", "true");
}

nanos stranger_claims(struct scene *scene) {
	nanos fault = clock_now();
	net_stranger_claims(&scene->net, PAIR_SHARED);
	for (unsigned host = 0; host < NET_NODES; host++)
		stranger_check_alarm(scene, host, fault);
	return fault;
}
