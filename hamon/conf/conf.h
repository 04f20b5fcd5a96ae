/* The configuration: one file, the same on both nodes, in libconfig's grammar. This module owns reading, checking and
 * printing it back; it touches nothing else of the system. The running daemon reads it once, sealed (supervisor.c). */
#ifndef HAMON_CONF_CONF_H
#define HAMON_CONF_CONF_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hamon/core/core.h"
#include "hamon/mono.h"

enum {
	CONF_COMMAND = 512, /* a command line, for /bin/sh -c */
	CONF_PORT = 4411,   /* of heartbeats over UDP, unless another one is configured */
};

enum { CONF_NAME = 64, CONF_PATH = 256, CONF_NODES = 2, CONF_INTERFACES = 32 /* that carry shared IPs */ };

/* An IPv4 or IPv6 address; family AF_INET or AF_INET6. */
struct ip_address {
	uint8_t family;
	uint8_t bytes[16]; /* network order; IPv4 in the first four, the rest zero */
};

struct conf_ip {
	struct ip_address address;
	uint8_t prefix;
	char interface[IF_NAMESIZE]; /* on this node: the node's block may rename it */
};

enum transport {
	TRANSPORT_ETHERNET, /* frames of our own EtherType, multicast */
	TRANSPORT_UDP,      /* datagrams between two addresses, IPv4 or IPv6 */
	TRANSPORT_REFLECT,  /* echo requests whose answers the test IPs send to the peer */
	TRANSPORT__COUNT,
};
const char *transport_name(enum transport transport);

struct conf_link {
	char name[IF_NAMESIZE];      /* as the shared part names it; "reflect" */
	char interface[IF_NAMESIZE]; /* on this node; empty: reflect has none */
	enum transport transport;
	struct ip_address address[CONF_NODES]; /* udp: of each node, in the order of conf.nodes; family 0: none */
};

struct conf_node {
	char name[CONF_NAME];
	bool backup_operations, automatic;
	struct ip_address host; /* its own address, towards the test IPs; family 0: the node tells its peer */
	int preference;         /* who is to have the role when both can: the higher one */
};

struct conf {
	char cluster[CONF_NAME];
	char psk_file[CONF_PATH];
	struct conf_node nodes[CONF_NODES]; /* in the file's order */
	unsigned self;                      /* index of this node */
	unsigned ips_n, links_n, tests_n;
	struct conf_ip ips[CORE_IPS];
	struct conf_link links[CORE_LINKS];
	struct ip_address tests[CORE_TESTS]; /* none: the default gateway of the shared IP's interface */
	enum policy policy;
	enum alone alone;
	span_t within;
	span_t heartbeat, lease, dead; /* explicit settings; 0: derived from within */
	bool lease_off;                /* the kernel keeps no lease: nothing silences a node that does not run */
	int dedicated_cpus;            /* 1: jiffies lag at most one tick; 0: they may lag six; -1: find out */
	bool reflect;                  /* heartbeats by way of the test IPs: the last of links */
	uint16_t port;                 /* of heartbeats over UDP */
	bool wait_for_peer;            /* cold-start = "wait-for-peer" */
	bool stand_down;               /* foreign-claim = "stand-down": else the shared IP is defended */
	span_t countdown, failback;    /* 0: none; 0: never */
	span_t hold_down, hold_down_most;
	char command[RUN__COUNT][CONF_COMMAND]; /* empty: none */
	span_t hook_timeout, fence_timeout, fence_delay;
	enum fence_mode fence;
	span_t health_interval;
	unsigned health_fall, health_rise;
	uint64_t digest;           /* of what the file sets for both nodes: never 0 */
	char operators[CONF_NAME]; /* group that may use the operating verbs; empty: root alone */
	char observers[CONF_NAME]; /* group that may use the reading verbs; empty: root and operators */
};

/* What it means that the lease is off: the same words wherever an operator is warned of it. */
#define CONF_LEASE_OFF                                                                                                     \
	"lease = \"off\": nothing silences a primary that is killed, hung or frozen: it keeps the shared IPs while the "   \
	"other node serves them"

/* Where an error stands and what it says; conf_read() collects all of one run, in the order of their lines. */
enum { CONF_ERRORS = 64, CONF_WARNINGS = 24, CONF_ERROR_TEXT = 256 };
struct conf_errors {
	unsigned n, more; /* more: how many did not fit */
	char text[CONF_ERRORS]
		 [CONF_ERROR_TEXT]; /* "file:line: what, and what was meant"; ":line" only where there is one */
	unsigned line[CONF_ERRORS];
	unsigned warnings_n;
	char warnings[CONF_WARNINGS][CONF_ERROR_TEXT]; /* whole sentences: it works, and could be better */
	unsigned failover_line;                        /* where the failover group stands, for conf_timers(); 0: nowhere */
};

/* Reads the text (NUL-terminated; `name` is what error lines call it) for the node called `node` (NULL: the host's name).
 * 0, or -EINVAL with every error of the run in *errors; *conf is untouched then. */
int conf_read(const char *text, const char *name, const char *node, struct conf *conf, struct conf_errors *errors);

/* Appends one error ("name:line: …", without ":line" when line is 0), printable characters only. */
void conf_complain(struct conf_errors *errors, const char *name, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Every error, a line each, and how many more there were. */
void conf_errors_print(const struct conf_errors *errors, FILE *out);

/* Reads a whole file into a fresh NUL-terminated string that the caller frees. 0 or -errno (-EFBIG over 1 MiB, -EILSEQ with
 * a NUL inside, -ETIMEDOUT: a pipe in which nobody writes). *text is untouched on failure. */
int conf_load(const char *path, char **text);

/* Prints the configuration back, complete, defaults included, in the grammar it is read in. */
void conf_print(const struct conf *conf, FILE *out);

/* The derivation's start, from this configuration and this kernel's tick and lag of jiffies. */
struct timers_ask conf_timers_ask(const struct conf *conf, span_t tick, span_t jiffies_lag);

/* Derives the timers from a configuration that conf_read() accepted into errors. 0; or -EINVAL, with what cannot be kept
 * here, the numbers, and what could be, appended to *errors (*out then holds the nearest miss). */
int conf_timers(const struct conf *conf, const char *name, span_t tick, span_t jiffies_lag, struct timers *out,
		struct conf_errors *errors);

/* Appends one warning, as far as there is room; printable characters only. */
void conf_warn(struct conf_errors *errors, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Parity of the node's epochs, by the order of the names: 0 for the one that sorts first. */
unsigned conf_parity(const struct conf *conf, unsigned node);

enum { CONF_DURATION = 32 };
/* "500ms", "2h", "1.5s" (us, ms, s, min, h, d; whole microseconds) → ns. 0, -EINVAL, or -ERANGE over some 200 years. */
int conf_duration(const char *text, span_t *out);
/* The shortest text that conf_duration() reads as this (not negative, whole microseconds). Returns out. */
char *conf_duration_text(span_t duration, char out[static CONF_DURATION]);
/* "192.0.2.10" or "2001:db8::10"; 0 or -EINVAL. */
int conf_address(const char *text, struct ip_address *out);
/* INET6_ADDRSTRLEN bytes. Returns out. */
char *conf_address_text(const struct ip_address *address, char *out);
bool conf_address_same(const struct ip_address *a, const struct ip_address *b);

#endif
