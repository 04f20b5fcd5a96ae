/* What a witness's process shares with its starter, in memory: the order that it was given, and the record that it keeps.
 * The starter writes the order before the process begins, the process all the rest. */
#ifndef WITNESS_RECORD_H
#define WITNESS_RECORD_H

#include <net/ethernet.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/lab/clock.h"
#include "tests/lab/frame.h"
#include "tests/lab/net.h"
#include "tests/lab/sniff.h"

/* The beginning of every record. */
struct record {
	_Atomic nanos done;    /* all that had come in by then is in the record; 0: it has not begun */
	_Atomic unsigned lost; /* frames that the witness had no room for: it is none then */
};

/* ---- the asking client ---- */

/* The kinds of questions in a round. */
enum record_kind { RECORD_EVERYBODY, RECORD_SOLICIT, RECORD_ECHO, RECORD_UDP, RECORD_KINDS };

enum {
	RECORD_ROUNDS = 1 << 18, /* remembered: more than four minutes at 1 ms */
	RECORD_MACS = 8,         /* different ones told apart: the nodes', then strangers' */
	RECORD_NOBODY = RECORD_MACS,
};

struct record_round {
	_Atomic nanos sent;
	_Atomic nanos served;                 /* when the reply came that served; 0: none did */
	_Atomic uint8_t by;                   /* who served, or would: the MAC that was learnt when it was sent */
	_Atomic uint8_t owners[RECORD_KINDS]; /* masks of the MACs that answered; the first ones are the nodes' */
	_Atomic uint16_t missed;              /* rounds that should have been sent between the one before and this */
	_Atomic bool torn;                    /* the frames did not leave at once: not one probe */
};

struct record_asked {
	struct record head;
	/* the order */
	char ns[NET_NS]; /* the client's, where eth0 is its cable */
	uint8_t mac[ETH_ALEN];
	uint8_t node_mac[NET_NODES][ETH_ALEN];
	struct frame_ip shared;
	nanos interval;
	/* the record */
	_Atomic uint64_t rounds; /* sent so far; numbers begin at 1 */
	struct record_round ring[RECORD_ROUNDS];
};

/* ---- the capture on the switch ---- */

/* Frames remembered: more than a minute of all that two nodes answer at 1 ms. */
enum { RECORD_FRAMES = 1 << 20 };

struct record_captured {
	struct record head;
	/* the order */
	char ns[NET_NS]; /* the switch's */
	char port[NET_NODES][IF_NAMESIZE];
	/* the record */
	_Atomic uint64_t frames; /* taken so far */
	struct sniffed ring[RECORD_FRAMES];
};

#endif
