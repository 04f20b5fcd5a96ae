/* Two daemons and their surroundings: configuration, key, start, stop, verbs, status. Everything goes through the command
 * line that people use. */
#ifndef LAB_PAIR_H
#define LAB_PAIR_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tests/lab/clock.h"
#include "tests/lab/net.h"

enum { PAIR_PATH = 256, PAIR_OUTPUT = 256 << 10 };

/* The shared IP of a pair that was given none. */
#define PAIR_SHARED    "192.0.2.100"
#define PAIR_INTERFACE "eth0"

/* Inside of links = ( ... ): the second cable as a link beside the first one; and inside of the nodes' groups what a UDP
 * link needs of each. */
#define PAIR_TWO_LINKS "{ name = \"eth0\" }, { name = \"eth1\" }"
#define PAIR_UDP_LINK  "{ name = \"eth0\" }, { name = \"eth1\" transport = \"udp\" }"
#define PAIR_UDP_HA1   "links = ( { name = \"eth1\" address = \"198.51.100.1\" } )"
#define PAIR_UDP_HA2   "links = ( { name = \"eth1\" address = \"198.51.100.2\" } )"

/* What the configuration file says. NULL: the default. */
struct pair_conf {
	const char *cluster;         /* "edge" */
	const char *node[NET_NODES]; /* added inside of each node's group of nodes = ( ... ) */
	nanos within;                /* required */
	const char *shared_ips;      /* inside of shared-ips = ( ... ) */
	const char *links;           /* inside of links = ( ... ); left out by default */
	const char *tests;           /* inside of connectivity-test = { ... }; the gateway's address by default */
	const char *failover;        /* added inside of failover = { ... } */
	bool lease_off;              /* no lease in the kernel */
	const char *more;            /* added at the end */
};

struct pair_node {
	char dir[PAIR_PATH];  /* holds all of the following, and `state` and `run` */
	char conf[PAIR_PATH]; /* hamon.conf */
	char log[PAIR_PATH];  /* what the daemon wrote on stderr */
	pid_t pid;            /* the supervisor; 0: not running */
};

struct pair {
	const struct net *net;
	const char *hamon; /* path of the program */
	struct pair_node node[NET_NODES];
};

/* Makes directories under dir/cluster, one fresh key for both nodes, and the configuration. */
void pair_init(struct pair *pair, const struct net *net, const char *hamon, const char *dir, const struct pair_conf *conf);

/* Writes one node's configuration anew. */
void pair_configure(const struct pair *pair, enum net_host host, const struct pair_conf *conf);

/* Gives one node a key of its own. */
void pair_new_key(const struct pair *pair, enum net_host host);

/* ---- the processes ---- */

void pair_start(struct pair *pair, enum net_host host);

/* The same beneath other words, such as "env NAME=VALUE": they must become the program, not start it. */
void pair_start_by(struct pair *pair, enum net_host host, const char *words);

/* Sends a signal to the supervisor. */
void pair_signal(const struct pair *pair, enum net_host host, int signal);

/* Waits for the daemon's end. Its exit status, 128 + signal, or -1 when the deadline passed. */
int pair_wait_end(struct pair *pair, enum net_host host, nanos deadline);

/* The process id of one of the supervisor's children by the word on its command line ("_monitor", "_report"); 0: not
 * there. */
pid_t pair_child(const struct pair *pair, enum net_host host, const char *word);

/* All of the supervisor's children: at most PAIR_CHILDREN. Returns how many. */
enum { PAIR_CHILDREN = 16 };
size_t pair_children(const struct pair *pair, enum net_host host, pid_t out[static PAIR_CHILDREN]);

/* Dies when a daemon that was started ended by itself. */
void pair_expect_alive(struct pair *pair);

/* ---- the verbs ---- */

struct pair_result {
	int status;   /* exit status */
	char *output; /* PAIR_OUTPUT bytes that the caller frees */
};

/* Runs `hamon WORDS` on the node, with its configuration and its run directory. */
struct pair_result pair_verb(const struct pair *pair, enum net_host host, const char *words);

/* The same where only the exit status matters. */
int pair_do(const struct pair *pair, enum net_host host, const char *words);

/* `status --json`; NULL: the daemon cannot be reached. The caller puts it. */
struct json_object *pair_status(const struct pair *pair, enum net_host host);

/* A member of the status by JSON pointer (RFC 6901) as text; false: not reached, or no such member. */
bool pair_get(const struct pair *pair, enum net_host host, const char *pointer, char *out, size_t size);

/* A member that is a number; -1: not reached, or no such member. */
double pair_number(const struct pair *pair, enum net_host host, const char *pointer);

/* Waits until the member has the value. False when the deadline passed. */
bool pair_wait(const struct pair *pair, enum net_host host, const char *pointer, const char *value, nanos deadline);

/* Waits until one of the nodes is primary and the other one its backup, who could take over: each test IP answered it since
 * it became that (after a link was down the kernel's ARP may need a second for it). The primary, or -1 when the deadline
 * passed. */
int pair_wait_settled(const struct pair *pair, nanos deadline);

/* The same; dies when it does not come to that, or a daemon died. */
enum net_host pair_settled(struct pair *pair, nanos deadline);

/* A point in time until which a final state must be reached: it has all the time that a frozen machine may need. */
nanos pair_patience(nanos within);

/* Does the node's interface bear the address (as `ip address` shows it)? */
bool pair_holds(const struct pair *pair, enum net_host host, const char *address);

/* Is the text in the daemon's log? */
bool pair_logged(const struct pair *pair, enum net_host host, const char *text);

/* Waits for it. */
bool pair_wait_logged(const struct pair *pair, enum net_host host, const char *text, nanos deadline);

/* Prints the last lines of both logs on stderr. */
void pair_show_logs(const struct pair *pair);

static inline enum net_host pair_other(enum net_host host) {
	return host == NET_HA1 ? NET_HA2 : NET_HA1;
}

#endif
