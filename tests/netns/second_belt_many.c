/* More shared IPs than the kernel can be kept busy with: their lifetimes would take too long to renew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

enum { IPS = 501 };

static char *configured(void) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		shell_die("out of memory");
	fprintf(out, "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" }");
	for (unsigned i = 1; i < IPS; i++)
		fprintf(out, ",\n{ address = \"2001:db8:%x::64/128\" interface = \"eth0\" }", i);
	if (fclose(out))
		shell_die("out of memory");
	return text;
}

NETNS_TEST(second_belt_many, "501 shared IPs do not expire by themselves, and the log says so") {
	char *ips = configured(), listing[16 << 10] = "";
	scene_open(scene, &(struct pair_conf){.shared_ips = ips});
	free(ips);
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_check(scene, pair_wait_logged(&scene->pair, NET_HA1, "do not expire by themselves", scene_patience(scene)),
		    "ha1's log does not say that the shared IPs stay");
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = listing, .output_size = sizeof(listing)};
	shell_must(&job, "ip -o -4 address show dev eth0");
	const char *shared = strstr(listing, " " PAIR_SHARED "/");
	scene_check(scene, shared && strstr(shared, "valid_lft forever"), "ha1's shared IP expires: %s", listing);
}
