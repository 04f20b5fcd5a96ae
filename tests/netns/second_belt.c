/* The rules are gone and nobody runs who could put them back: the addresses do not stay for ever either. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

#define SHARED6 "2001:db8::100"

/* For how long the kernel keeps the address unless it is renewed. */
static nanos life_of(struct scene *scene, const char *address) {
	char listing[16 << 10] = "", word[80];
	static const char field[] = "valid_lft ";
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = listing, .output_size = sizeof(listing)};
	shell_must(&job, "ip -o address show dev eth0");
	shell_print(word, sizeof(word), " %s/", address);
	const char *at = strstr(listing, word);
	at = at ? strstr(at, field) : NULL;
	long seconds = at ? strtol(at + strlen(field), NULL, 10) : 0;
	scene_check(scene, seconds > 0, "ha1 does not bear %s, or bears it for ever: %s", address, listing);
	return seconds * NANOS_SEC;
}

/* One node alone: a second one would take over meanwhile, and be the second owner that the first belt is there to
 * prevent. */
NETNS_TEST(second_belt,
	   "all rules are flushed under a stopped primary: its addresses vanish by themselves within seconds") {
	static const char *const addresses[] = {PAIR_SHARED, SHARED6};
	scene_open(scene, &(struct pair_conf){
				  .shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
						"{ address = \"" SHARED6 "/64\" interface = \"eth0\" }",
			  });
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, clock_now(), scene_patience(scene)),
		    "ha1 does not serve the client");
	pair_stop_all(&scene->pair, NET_HA1);
	nanos stopped = clock_now(), life = 0;
	ruleset_nft(scene, NET_HA1, "flush ruleset");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		nanos this = life_of(scene, addresses[i]);
		life = this > life ? this : life;
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		for (nanos end = scene_patience(scene); pair_holds(&scene->pair, NET_HA1, addresses[i]);)
			scene_check(scene, clock_now() < end, "ha1 bears %s for ever", addresses[i]);
	nanos gone = clock_now();
	printf("gone %.1f ms after the stop; they were to live for %.0f ms\n", clock_ms(gone - stopped), clock_ms(life));
	/* The kernel counts whole seconds and looks at the addresses within another one. */
	scene_bound(scene, gone - stopped <= life + 2 * NANOS_SEC, stopped, gone, "the addresses outlived their time");
	probe_settle(scene->probe);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, gone);

	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, gone, scene_patience(scene)),
		    "ha1 went on, and does not serve the client");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		life_of(scene, addresses[i]);
}
