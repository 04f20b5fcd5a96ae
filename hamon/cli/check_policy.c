/* What a configuration asks for besides its timers, as check.h says: in words, so that a mistake is seen in time. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "hamon/cli/check.h"
#include "hamon/cli/cli.h"

enum { WIDTH = 14 }; /* of names, "before-primary" */

/* As the configuration would say it; one at a time, as it is printed. */
static const char *duration(span_t span) {
	static char text[CONF_DURATION];
	return conf_duration_text(span, text);
}

static const char *address(const struct ip_address *address) {
	static char text[INET6_ADDRSTRLEN];
	return conf_address_text(address, text);
}

/* Whom the role goes back to. */
static const char *preferred(const struct conf *c) {
	return c->nodes[c->nodes[1].preference > c->nodes[0].preference].name;
}

/* ---- times ---- */

struct check_silence check_silence(const struct conf *conf, const struct timers *timers) {
	/* The core waits for the longer one of the two (core/claim.c). */
	span_t hold_down = conf->hold_down ? mono_max(conf->countdown, conf->hold_down_most) : conf->countdown;
	struct check_silence silence = {timers->dead + conf->countdown, timers->dead + hold_down};
	/* The one is asked as soon as the peer is unheard, the other when nothing else stands against it (core/gate.c). */
	if (*conf->command[RUN_BEFORE_PRIMARY])
		silence.latest = mono_max(silence.latest, timers->unheard + conf->hook_timeout);
	if (conf->fence != FENCE_OFF) {
		silence.fastest += conf->fence_delay;
		silence.latest += conf->fence_delay + conf->fence_timeout;
	}
	return silence;
}

static span_t deadline(const struct conf *conf, enum run run) {
	return run == RUN_FENCE    ? conf->fence_timeout
	       : run == RUN_HEALTH ? mono_max(conf->health_interval, SEC)
				   : conf->hook_timeout;
}

/* ---- for people ---- */

static void print_links(const struct conf *c) {
	printf("\nlinks\n");
	for (unsigned i = 0; i < c->links_n; i++) {
		const struct conf_link *link = &c->links[i];
		printf("  %-*s %-8s ", WIDTH, link->name, transport_name(link->transport));
		switch (link->transport) {
		case TRANSPORT_ETHERNET:
			printf("on %s\n", link->interface);
			break;
		case TRANSPORT_UDP:
			printf("on %s, from %s", link->interface, address(&link->address[c->self]));
			printf(" to %s, port %u\n", address(&link->address[!c->self]), c->port);
			break;
		case TRANSPORT_REFLECT:
			printf("by way of the test IP%s\n", c->tests_n > 1 ? "s" : "");
			break;
		case TRANSPORT__COUNT:
			break;
		}
	}
}

static void print_tests(const struct conf *c) {
	unsigned n = c->tests_n ? c->tests_n : 1;
	printf("\nconnectivity test: ");
	for (unsigned i = 0; i < c->tests_n; i++)
		printf("%s%s", i ? ", " : "", address(&c->tests[i]));
	if (!c->tests_n)
		printf("the default gateway of %s", c->ips[0].interface);
	if (n == 1)
		printf("; it must answer\n");
	else if (c->policy == POLICY_ANY)
		printf("; one of the %u must answer\n", n);
	else if (n % 2)
		printf("; %u of the %u must answer\n", n / 2 + 1, n);
	else
		printf("; %u of the %u must answer, or %u with %s among them\n", n / 2 + 1, n, n / 2,
		       address(&c->tests[0]));
	printf("a primary that hears nobody serves on %s\n",
	       c->alone == ALONE_ALWAYS ? "in any case" : "while this holds, and no longer");
}

/* What a node needs that starts alone: the fence is asked for a peer that was never heard, too (core/gate.c). */
static const char *cold_start(const struct conf *c) {
	if (c->wait_for_peer)
		return "not before the peer was heard";
	switch (c->fence) {
	case FENCE_OFF:
		return "alone, once the test holds";
	case FENCE_BEST_EFFORT:
		return "alone, once the test holds, and after the fence was tried";
	case FENCE_REQUIRED:
		return "alone, once the test holds and the other node is fenced";
	case FENCE__COUNT:
		break;
	}
	return "?";
}

static void print_takeover(const struct conf *c, const struct timers *t) {
	const struct conf_node *self = &c->nodes[c->self];
	struct check_silence silence = check_silence(c, t);
	if (self->automatic && self->backup_operations)
		printf("\nautomatic takeover: after %.3f ms of silence at the earliest, %.3f ms at the latest\n",
		       (double)silence.fastest / (double)MSEC, (double)silence.latest / (double)MSEC);
	else
		printf("\nautomatic takeover: never on this node\n");
	printf("  %-*s %.3f ms\n", WIDTH, "dead interval", (double)t->dead / (double)MSEC);
	if (c->countdown)
		printf("  %-*s %s, which `hamon abort` ends\n", WIDTH, "countdown", duration(c->countdown));
	if (c->hold_down) {
		printf("  %-*s after takeovers in a row: %s first", WIDTH, "hold-down", duration(c->hold_down));
		printf(", %s at most\n", duration(c->hold_down_most));
	}
	printf("  %-*s %s\n", WIDTH, "cold start", cold_start(c));
	printf("  %-*s %s\n", WIDTH, "foreign claim",
	       c->stand_down ? "of a shared IP: this node stands down" : "of a shared IP: defended");
	if (c->failback)
		printf("  %-*s to %s after %s\n", WIDTH, "failback", preferred(c), duration(c->failback));
	else
		printf("  %-*s never\n", WIDTH, "failback");
}

/* What else is to be known of a command than its deadline. */
static void print_purpose(const struct conf *c, enum run run) {
	switch (run) {
	case RUN_BEFORE_PRIMARY:
		printf(", may veto");
		break;
	case RUN_FENCE:
		printf(", %s", fence_mode_name(c->fence));
		if (c->fence_delay)
			printf(", %s later", duration(c->fence_delay));
		break;
	case RUN_HEALTH:
		printf(", every %s, ill after %u, well after %u", duration(c->health_interval), c->health_fall,
		       c->health_rise);
		break;
	case RUN_PRIMARY:
	case RUN_BACKUP:
	case RUN_FAULT:
	case RUN_QUIESCE:
	case RUN_UNQUIESCE:
	case RUN__COUNT:
		break;
	}
}

static void print_commands(const struct conf *c) {
	unsigned n = 0;
	for (enum run run = 0; run < RUN__COUNT; run++) {
		if (!*c->command[run])
			continue;
		printf("%s  %-*s %s (within %s", n++ ? "" : "\ncommands\n", WIDTH, run_name(run), c->command[run],
		       duration(deadline(c, run)));
		print_purpose(c, run);
		printf(")\n");
	}
}

void check_policy_print(const struct conf *conf, const struct timers *timers) {
	print_links(conf);
	print_tests(conf);
	print_takeover(conf, timers);
	print_commands(conf);
	printf("\ndigest: %016" PRIx64 ", and the other node's must be the same\n", conf->digest);
}

/* ---- for machines ---- */

void check_put(struct json_object *object, const char *key, struct json_object *value) {
	if (!value || json_object_object_add(object, key, value))
		exit(cli_error(EXIT_FAILED, "out of memory"));
}

static void put_text(struct json_object *object, const char *key, const char *text) {
	check_put(object, key, json_object_new_string(text));
}

static void put_ns(struct json_object *object, const char *key, span_t span) {
	check_put(object, key, json_object_new_int64(span));
}

static struct json_object *link_json(const struct conf *c, const struct conf_link *link) {
	struct json_object *object = json_object_new_object();
	put_text(object, "name", link->name);
	put_text(object, "transport", transport_name(link->transport));
	if (link->transport != TRANSPORT_REFLECT)
		put_text(object, "interface", link->interface);
	if (link->transport == TRANSPORT_UDP) {
		put_text(object, "address", address(&link->address[c->self]));
		put_text(object, "peer_address", address(&link->address[!c->self]));
		check_put(object, "port", json_object_new_int(c->port));
	}
	return object;
}

/* What else is to be known of it, as print_purpose() says. */
static void put_purpose(struct json_object *command, const struct conf *c, enum run run) {
	if (run == RUN_FENCE) {
		put_ns(command, "delay_ns", c->fence_delay);
	} else if (run == RUN_HEALTH) {
		put_ns(command, "interval_ns", c->health_interval);
		check_put(command, "fall", json_object_new_int((int)c->health_fall));
		check_put(command, "rise", json_object_new_int((int)c->health_rise));
	}
}

static struct json_object *commands_json(const struct conf *c) {
	struct json_object *commands = json_object_new_object();
	for (enum run run = 0; run < RUN__COUNT; run++) {
		if (!*c->command[run])
			continue;
		struct json_object *command = json_object_new_object();
		put_text(command, "command", c->command[run]);
		put_ns(command, "timeout_ns", deadline(c, run));
		put_purpose(command, c, run);
		check_put(commands, run_name(run), command);
	}
	return commands;
}

/* Without failback: nobody, after 0. */
static void put_failback(struct json_object *root, const struct conf *c) {
	struct json_object *failback = json_object_new_object();
	if (c->failback)
		put_text(failback, "node", preferred(c));
	put_ns(failback, "after_ns", c->failback);
	check_put(root, "failback", failback);
}

/* The choices that an automatic takeover, and a primary, go by. */
static void put_choices(struct json_object *root, const struct conf *c) {
	const struct conf_node *self = &c->nodes[c->self];
	put_text(root, "policy", policy_name(c->policy));
	put_text(root, "alone", alone_name(c->alone));
	check_put(root, "automatic", json_object_new_boolean(self->automatic && self->backup_operations));
	put_text(root, "cold_start", c->wait_for_peer ? "wait-for-peer" : "alone");
	put_text(root, "foreign_claim", c->stand_down ? "stand-down" : "defend");
	put_text(root, "fence", fence_mode_name(c->fence));
	put_ns(root, "countdown_ns", c->countdown);
	put_ns(root, "hold_down_ns", c->hold_down);
	put_ns(root, "hold_down_most_ns", c->hold_down_most);
	put_failback(root, c);
}

void check_policy_json(const struct conf *conf, const struct timers *timers, struct json_object *root) {
	struct json_object *links = json_object_new_array(), *tests = json_object_new_array();
	struct json_object *takeover = json_object_new_object();
	struct check_silence silence = check_silence(conf, timers);
	char digest[17];
	for (unsigned i = 0; links && i < conf->links_n; i++)
		json_object_array_add(links, link_json(conf, &conf->links[i]));
	for (unsigned i = 0; tests && i < conf->tests_n; i++)
		json_object_array_add(tests, json_object_new_string(address(&conf->tests[i])));
	put_ns(takeover, "fastest", silence.fastest);
	put_ns(takeover, "latest", silence.latest);
	snprintf(digest, sizeof digest, "%016" PRIx64, conf->digest);
	check_put(root, "links", links);
	check_put(root, "tests", tests);
	check_put(root, "takeover_ns", takeover);
	put_choices(root, conf);
	check_put(root, "commands", commands_json(conf));
	put_text(root, "digest", digest);
}
