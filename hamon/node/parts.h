/* What the files of the node tell one another; nobody else includes it. Together they are the one place that knows both the
 * core and the adapters:
 *   node.c   the wake: clock, sockets, core, actions       pipes.c      supervisor and workers
 *   ips.c    shared IPs: batches, announcements            ips_slots.c  which has which slot
 *   ips_belt.c  and how long each lives                    lease.c      the kernel lease
 *   links.c  heartbeats in and out                         mirrors.c    what reflected ones need
 *   interfaces.c  the interfaces, and what others change there behind our back
 *   tests.c  echo tests, the gateway that stands in        arp.c        who claims the shared IPs on the wire
 *   requests.c  the operators' requests                    hooks.c      the configuration's commands
 *   frames.c heartbeats and claims, and the pair in short, for those who watch */
#ifndef HAMON_NODE_PARTS_H
#define HAMON_NODE_PARTS_H

#include "arp/announce.h"
#include "arp/frame.h"
#include "arp/watch.h"
#include "hamon/auth.h"
#include "hamon/control.h"
#include "hamon/core/core.h"
#include "hamon/core/state.h"
#include "hamon/icmp.h"
#include "hamon/log.h"
#include "hamon/loop.h"
#include "hamon/node/node.h"
#include "hamon/notes.h"
#include "hamon/peerlink/peerlink.h"
#include "hamon/stamp.h"
#include "hamon/status.h"
#include "netlink/addr.h"
#include "netlink/addr_thread.h"
#include "netlink/iface.h"
#include "netlink/lease.h"
#include "netlink/route.h"
#include "netlink/rtnl.h"
#include "netlink/watch.h"

enum {
	NODE_QUEUE = 64, /* events that actions brought back; never more than a few */
	/* Links, shared IPs, and during a reload the shared IPs that are still to be removed. */
	NODE_INTERFACES = CORE_LINKS + 2 * CONF_INTERFACES,
	NODE_TRIALS = 4,             /* `test ips` requests at once */
	NODE_WAITS = 256,            /* the names of all settings that need a restart fit */
	NODE_PEER_MACS = CORE_LINKS, /* of the peer, on one interface of ours: all its links may share a wire */
};

/* An interface that the configuration names. */
struct node_interface {
	char name[IF_NAMESIZE];
	struct iface iface; /* ifindex 0: there is none of this name */
	/* The peer's there: verified Ethernet heartbeats came from them. Several, where its interfaces share one wire. */
	uint8_t peer_macs[NODE_PEER_MACS][IFACE_MAC_LEN];
	unsigned peer_macs_n; /* learnt so far: beyond NODE_PEER_MACS the oldest gave way */
};

/* The mark's way out where no link can bear it: a frame on an interface that carries shared IPs. */
struct node_bare {
	int fd;
	mono_t failed; /* as of a link */
};

struct node_link {
	struct peerlink peerlink;
	int interface; /* index; -1: it reflects */
	bool unbound;  /* still to be bound to its interface as it is now */
	int said;      /* why it could not be, when that was said last */
	mono_t busy;   /* when it could not be because another program has it; MONO_NEVER */
	mono_t failed; /* when it could not take a marked heartbeat; MONO_NEVER */
	mono_t since;  /* it is up, and the peer is heard by some link */
	bool silent;   /* and this one brings nothing */
};

/* What reflected heartbeats need to know. By family: IPv4, IPv6; family 0: not known. */
struct node_mirrors {
	struct route_sources sources;
	bool review;                               /* test IPs, routes or addresses changed */
	struct ip_address own[PEERLINK_FAMILIES];  /* this node's, towards the test IPs */
	struct ip_address told[PEERLINK_FAMILIES]; /* the peer's, by its newest heartbeat */
};

struct node_ip {
	bool used, disabled;
	struct conf_ip conf;
	unsigned interface; /* index */
};

/* The shared IPs: what the core wants, what stands on the interfaces, and which answers are still owed to the core. */
struct node_ips {
	struct node_ip slots[CORE_IPS];
	int slot_of[CORE_IPS]; /* of each configured one, in the configuration's order; -1: it waits for one */
	struct ip_set want, present, failed, to_announce;
	struct ip_set lost; /* deleted by somebody else, the core is not told yet */
	bool owe_added, owe_removed, owe_dropped, owe_announced;
	int add_error, remove_error, announce_error;
	int said[ADDR__OPS]; /* the failure that was said last: it is not said at each new trial */
	bool crowded;        /* configured ones wait for the slots of those that are being removed */
	/* the batch in the thread's hands */
	struct addr_thread *thread;
	bool busy, renewing;
	enum addr_op op;
	unsigned batch[ADDR_THREAD_BATCH]; /* its slots, in its order */
	struct ip_set under_way;           /* and as a set */
	bool doubt;                        /* a notice said the opposite of it: what stands there must be looked up */
	/* the second belt */
	uint32_t lifetime;              /* seconds that an address lives unless it is renewed; 0: they stay */
	bool many;                      /* too many for it, and that was said */
	struct ip_set mortal, to_renew; /* present with a lifetime; of those: to be renewed in this round */
	mono_t renew_at;                /* the next round begins */
};

/* The kernel lease: the table, what it was made for, and whether it is there. */
struct node_lease {
	struct lease *kernel; /* NULL: lease = "off" */
	struct lease_watch *watch;
	struct lease_plan plan;
	bool stands;      /* the table is there, as planned */
	bool review;      /* interfaces or shared IPs changed: plan anew */
	mono_t build_at;  /* after a refusal: not before */
	int said;         /* the refusal that was said last: it is not said at each new trial */
	uint64_t changes; /* by others */
	mono_t changed_at;
	char change[LEASE_WHAT + 64]; /* the newest, and by whom */
};

/* A `test ips` request under way. */
struct node_trial {
	uint32_t client; /* 0: free */
	mono_t sent, until;
	uint16_t waiting;       /* mask */
	span_t rtt[CORE_TESTS]; /* -1: no answer yet */
	int error[CORE_TESTS];
};

/* The newest requests to one test IP, from which its figures are made. */
enum { NODE_REQUESTS = 100 };
struct node_record {
	uint64_t sent, answered; /* in all; answered: in time to be fresh */
	struct {
		mono_t sent;
		span_t rtt;    /* -1: no answer yet */
	} ring[NODE_REQUESTS]; /* request n at n % NODE_REQUESTS */
	bool slow;             /* its answers come too late to be fresh */
	mono_t warned;         /* of that; MONO_NEVER */
};

struct node_tests {
	struct ip_address address[CORE_TESTS];
	int ifindex[CORE_TESTS]; /* 0: as routed */
	uint16_t mask;
	uint16_t own;     /* mask: an address of this very node, whose answers would prove nothing: none is asked for */
	bool own_changed; /* perhaps: such an address came or went */
	uint16_t peers;   /* mask: an address of the peer's, and that was said */
	bool gateway;     /* none was configured */
	span_t rtt[CORE_TESTS]; /* of the newest answer; -1: none yet */
	struct node_record record[CORE_TESTS];
	struct node_trial trials[NODE_TRIALS];
};

/* What status says of a test IP. */
struct node_test_figures {
	uint64_t sent, answered;        /* requests in all; of them answered in time to be fresh */
	unsigned loss;                  /* percent of the last NODE_REQUESTS that were not */
	span_t last, average, greatest; /* round trips, the latter two of the last NODE_REQUESTS; -1: none */
	bool slow;                      /* too slow for `within`: answers come, and are never fresh */
	bool own;                       /* an address of this node: never asked, counts as not answering */
};

/* A host, neither node, that claims a shared IP. */
struct node_stranger {
	bool stands; /* it did so lately */
	unsigned slot, interface;
	struct ip_address address; /* the slot's */
	uint8_t mac[FRAME_MAC_LEN];
	mono_t since, at; /* the first and the newest claim: kernel's receive times */
	uint64_t claims;
	uint8_t told[FRAME_MAC_LEN]; /* the MAC that was told of, */
	mono_t told_at;              /* and when */
};

enum {
	NODE_STRANGERS = 16, /* shared IPs at once: claims of more are acted upon, but not told of */
	NODE_PROBES = 4, /* shared IPs a call, or one of each interface, where these are more: one holder has them all */
};

/* The watch over the wires of the shared IPs. */
struct node_arp {
	struct arp_watch *watch;
	mono_t review_at; /* what is to be watched is gone through: at each change, and now and then */
	mono_t unwatched; /* since when an interface could not be watched; MONO_FAR: all can */
	bool said;        /* that it cannot */
	unsigned next;    /* the slot that is probed next */
	uint64_t probes, probes_failed;
	struct node_stranger strangers[NODE_STRANGERS], newest; /* newest: since the start; claims 0: none ever */
	unsigned holder; /* slot of the newest claim that was the peer's, or may have been; when: core_status.holder_at */
};

/* An operator's request that the core has not answered yet. */
struct node_pending {
	uint32_t client; /* 0: free */
	mono_t at;
	bool force, dry_run;
	span_t pause;
};

/* What those who follow the pair are told of. No padding: it is compared as a whole. */
struct node_summary {
	uint64_t events, epoch;
	enum state state;
	enum cause cause;
	uint32_t faults;
	enum status_peer_state peer;
	bool hold, alone, conflict, paused;
	uint16_t links_up, links_heard; /* masks */
};

struct node_watch {
	struct node_summary told;
	mono_t look_at; /* not before */
};

/* A command whose end the core waits for. */
struct node_awaited {
	mono_t until; /* MONO_FAR: none */
	uint32_t id;  /* of the ACT_RUN */
	bool sent;    /* the worker has it */
};

enum { NODE_ORDERS = 16 };

/* The hooks worker, and what it was told. */
struct node_hooks {
	int fd;         /* its pipe; -1: none is there */
	enum run shown; /* what this node's commands know it as: primary, backup, fault, quiesce; RUN__COUNT: nothing yet */
	bool unwell;    /* by the newest end of the health command */
	struct node_awaited fence, gate;
	unsigned first, n; /* orders that are not on their way yet */
	struct message_run orders[NODE_ORDERS];
};

struct node {
	struct conf conf;
	struct core_config core_config;
	struct core core;
	struct core_status status;
	unsigned self;        /* parity */
	const char *names[2]; /* by parity */
	uint64_t generation;
	uint64_t digest_started; /* of the configuration that we were started with */
	char waits[NODE_WAITS];  /* settings that were changed since, and need a restart: "links, failover.within" */
	bool realtime, locked, ending;
	bool met; /* and the supervisor knows */
	char run_dir[CONF_PATH];

	struct loop loop;
	mono_t now, deadline, started;
	struct stamp_clock stamp;
	struct event queue[NODE_QUEUE];
	unsigned queue_first, queue_n;

	struct auth auth;
	uint32_t tag;
	struct node_interface interfaces[NODE_INTERFACES];
	unsigned interfaces_n;
	bool interfaces_changed, gateway_changed; /* since the core was told */
	bool moved;                               /* an interface has another MAC since then */
	bool links_unbound;                       /* some of them are to be bound, or it is worth another trial */
	struct node_link links[CORE_LINKS];
	unsigned links_n, marking; /* marking: the link that marked heartbeats leave by; links_n: none, they are bare */
	struct node_bare bare;
	struct node_mirrors mirrors;
	uint64_t peer_boot, peer_seq; /* of its newest verified heartbeat */
	uint64_t rejected[REJECT__COUNT];
	mono_t wrong_key_at, wrong_key_noted;
	mono_t twin_at, twin_noted; /* of another node under our name */
	uint64_t sends_failed;

	struct rtnl rtnl;
	struct watch watch;
	struct announce announce;
	struct icmp icmp;
	struct node_ips ips;
	struct node_lease lease;
	struct node_tests tests;
	struct node_arp arp;

	int supervisor; /* -1: it is gone */
	struct notes notes;
	struct node_hooks hooks;
	struct control control;
	struct node_pending pending[CONTROL_CLIENTS];
	struct node_watch watchers;
	mono_t reload_at;
	uint32_t reload_client; /* waits for `reload`; 0: nobody does */
};

/* ---- node.c ---- */
/* Hands the core an event later in this wake. */
void node_event(struct node *node, const struct event *event);
void node_event_done(struct node *node, enum event_type type, int error);
/* Hands it to the core at once, and carries out what it decides. */
void node_step(struct node *node, const struct event *event);
/* Takes the part of the configuration that may change while we run into core_config. */
void node_configure(struct node *node, const struct conf *conf);
void node_reload_core(struct node *node);
/* The core as it is now; valid until the next call. */
const struct core_status *node_status(struct node *node);

/* ---- ips_slots.c ---- */
/* Sets the slots up from the configuration; those that stay keep theirs. */
void node_ips_configure(struct node *node);
struct ip_set node_ips_wanted(const struct node *node);                       /* configured and not switched off here */
int node_ips_find(const struct node *node, const struct ip_address *address); /* slot, or -1 */
/* The slot of an address as it stands on an interface, or -1. Also one that is no longer configured, as long as its address
 * stands: it is still to be removed. */
int node_ips_slot_of(const struct node *node, const struct addr_entry *entry);

/* ---- ips_belt.c ---- */
/* Sets the lifetime by the configuration. */
void node_ips_belt(struct node *node);
/* Addresses are about to be added: if they are the first, the first round comes after them. */
void node_ips_belt_begin(struct node *node);
/* Those that are still to be renewed in this round. */
struct ip_set node_ips_due(struct node *node);
mono_t node_ips_deadline(const struct node *node); /* when the addresses are renewed next */

/* ---- ips.c ---- */
int node_ips_init(struct node *node);
void node_ips_fini(struct node *node);
void node_ips_add(struct node *node, const struct ip_set *set);
void node_ips_remove(struct node *node, const struct ip_set *set);
void node_ips_drop(struct node *node);
void node_ips_announce(struct node *node, const struct ip_set *set);
/* One bounded piece of what is to be done. True while there is more. */
bool node_ips_work(struct node *node);
void node_ips_noticed(struct node *node, bool added, const struct addr_entry *entry);
/* Lists all addresses anew: at the start, and after notices were lost. */
void node_ips_resync(struct node *node);
void node_ips_interface_changed(struct node *node, unsigned interface, int before); /* its ifindex until now */

/* ---- interfaces.c ---- */
int node_interfaces_init(struct node *node);
int node_interface(struct node *node, const char *name); /* index; -1: no room, until removed shared IPs leave some */
/* Does a link or a shared IP, configured or still to be removed, live on it? */
bool node_interface_used(const struct node *node, unsigned interface);
bool node_interface_carries(const struct node_interface *interface); /* it is there, and has its carrier */
void node_interfaces_resync(struct node *node);
/* Tells the core, if something changed: carrier, links. */
void node_interfaces_report(struct node *node);
void node_watch_drain(struct node *node);

/* ---- links.c ---- */
int node_links_init(struct node *node);
void node_links_fini(struct node *node);
/* Binds what changed, once the lease's rules stand there. */
void node_links_bind(struct node *node);
void node_links_unbind(struct node *node, unsigned interface); /* which is another one now, or gone */
/* Something changed on it: what could not be bound there is worth another trial. */
void node_links_retry(struct node *node, int ifindex);
void node_links_address(struct node *node, bool added, const struct addr_entry *entry); /* it came or went */
void node_links_doubt(struct node *node);                                               /* notices of addresses were lost */
void node_links_report(struct node *node);
void node_links_drain(struct node *node);
void node_links_silence(struct node *node);                                   /* tells which are silent */
void node_links_send(struct node *node, struct heartbeat *hb, uint8_t links); /* links: mask */

/* ---- mirrors.c ---- */
int node_mirrors_init(struct node *node);
void node_mirrors_fini(struct node *node);
/* Test IPs, routes or addresses changed. */
void node_mirrors_review(struct node *node);
void node_mirrors_noticed(struct node *node, const struct addr_entry *entry); /* an address came or went */
/* Looks everything up anew, if need be. */
void node_mirrors_tick(struct node *node);
void node_mirrors_address(const struct node *node, struct heartbeat *hb); /* fills our own addresses in */
void node_mirrors_heard(struct node *node, const struct heartbeat *hb);   /* the peer's newest */

/* ---- tests.c ---- */
void node_tests_configure(struct node *node);
int node_tests_init(struct node *node);
/* Looks for the gateway anew, and for test IPs that are our own addresses, if need be. */
void node_tests_gateway(struct node *node);
/* An address came or went on this node, or any may have (NULL). */
void node_tests_noticed(struct node *node, const struct addr_entry *entry);
/* Where the peer is, by each family: a test IP there is warned of. */
void node_tests_peer(struct node *node, const struct ip_address peer[static PEERLINK_FAMILIES]);
void node_tests_figures(const struct node *node, unsigned slot, struct node_test_figures *out);
void node_tests_send(struct node *node, uint16_t mask);
void node_tests_drain(struct node *node);
void node_tests_request(struct node *node, uint32_t client);
void node_tests_tick(struct node *node);
mono_t node_tests_deadline(const struct node *node);

/* ---- lease.c ---- */
int node_lease_init(struct node *node);
void node_lease_fini(struct node *node);
/* Interfaces or shared IPs changed. */
void node_lease_review(struct node *node);
/* The table is to be made anew, whatever it looks like: an interface's name stands for another one. */
void node_lease_rebuild(struct node *node);
/* It guards all that is configured, as far as we know: only then may an address be set. */
bool node_lease_in_place(const struct node *node);
/* Brings the table up to date. Does it guard every interface? Only then may a link be bound. */
bool node_lease_guards(struct node *node);
mono_t node_lease_deadline(const struct node *node); /* when a table that the kernel refused is tried again */
void node_lease_permit(struct node *node, span_t life);
void node_lease_drop_permit(struct node *node);
void node_lease_drop(struct node *node);
/* A marked heartbeat could not be sent for want of room (ENOBUFS). The kernel drops it so when there is no lease, or no
 * permit; a full queue says the same: is the element gone? */
bool node_lease_refused(struct node *node, enum heartbeat_mark mark);
/* A heartbeat with the renew mark was sent, and may still wait in the kernel, or have met no rule. SENT_OUT: the lease was
 * renewed for this decision; SENT_REFUSED: there is none; SENT_FAILED: not, or not yet. */
enum sent node_lease_renewed(struct node *node);
/* A heartbeat with the grant mark left: is the lease there? Not if nothing stood in its way. */
bool node_lease_granted(struct node *node);
/* The grant failed, as far as we know: what the rule may have set nevertheless is taken back. */
void node_lease_clear(struct node *node);
bool node_lease_stands(const struct node *node); /* now, by the core's own estimate of its end */

/* ---- arp.c ---- */
int node_arp_init(struct node *node);
void node_arp_fini(struct node *node);
/* An interface appeared, vanished or changed its address, or the shared IPs changed: watches what is to be watched now. */
void node_arp_review(struct node *node);
void node_arp_drain(struct node *node);
/* Says which strangers are gone, and tries again to watch what could not be watched. */
void node_arp_tick(struct node *node);
/* Is this one of the MACs that the peer was heard from on the interface? */
bool node_arp_is_peers(const struct node_interface *interface, const uint8_t mac[static FRAME_MAC_LEN]);
/* Asks the network who has them: ARP probes (RFC 5227 section 2.1.1), neighbour solicitations (RFC 4862 section 5.4.2). */
void node_arp_probe(struct node *node, const struct ip_set *set);

/* ---- hooks.c ---- */
void node_hooks_init(struct node *node);
/* A new worker's pipe, which is owned from now on. */
void node_hooks_attach(struct node *node, int fd);
/* Has the hooks worker run a command; EV_RAN comes of RUN_FENCE and RUN_BEFORE_PRIMARY alone, at its deadline at the
 * latest. */
void node_hooks_run(struct node *node, enum run run, uint32_t id);
/* A change of state: the command that belongs to it, if there is one. */
void node_hooks_note(struct node *node, const struct note *note);
void node_hooks_tick(struct node *node);
mono_t node_hooks_deadline(const struct node *node);

/* ---- frames.c ---- */
/* A heartbeat came in or went out, by a link or (links_n) bare; hb is not looked at unless it was verified: HEARTBEAT_OK,
 * REJECT_OLD_BOOT, REJECT_REPLAY. */
void node_frame_heartbeat(struct node *node, unsigned link, bool in, enum heartbeat_reject verdict,
			  const struct heartbeat *hb);
/* Hands the core a verified heartbeat (EV_HEARTBEAT), and tells those who watch whether it was believed. */
void node_frame_verified(struct node *node, const struct event *event);
/* Somebody claims an address on the interface; verdict: what we think of it, in a few words. */
void node_frame_claim(struct node *node, const char *interface, const struct frame_claim *claim, const char *verdict);
void node_watch_request(struct node *node, uint32_t client, const struct control_request *request);
/* Tells those who follow the pair what changed, if something did and it is time. */
void node_watch_tick(struct node *node);
mono_t node_watch_deadline(const struct node *node);

/* ---- pipes.c ---- */
int node_pipes_init(struct node *node);
void node_note(struct node *node, const struct note *note);
void node_say(struct node *node, enum note_type type, int detail, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void node_say_value(struct node *node, enum note_type type, int64_t value, const char *text);
void node_notes_flush(struct node *node);
void node_reserve(struct node *node, uint64_t epoch);
void node_raise_boot(struct node *node, uint64_t boot); /* start me anew, with a boot number above this */
void node_save_operator(struct node *node);
void node_ask_reload(struct node *node, uint32_t client);
void node_tell(struct node *node, enum message_type type);

/* ---- requests.c ---- */
int node_requests_init(struct node *node);
void node_answer(struct node *node, uint32_t token, enum verb verb, enum outcome outcome);

#endif
