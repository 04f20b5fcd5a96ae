/* What the tests of the configuration share: the settings that are needed, and reading them as a node. */
#ifndef TESTS_UNIT_CONF_SCENE_H
#define TESTS_UNIT_CONF_SCENE_H

#include "hamon/conf/conf.h"

/* The settings that are needed, a line each, so that what a test adds stands in line 5. */
#define CLUSTER "cluster = \"edge\"\n"
#define PSK     "psk-file = \"/etc/hamon/psk\"\n"
#define NODES   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
#define IPS     "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
#define SHORT   CLUSTER PSK NODES IPS

/* Nodes' blocks with these settings, and links that need them. */
#define NODES_WITH(first, second) "nodes = ( { name = \"ha1\" " first " },\n{ name = \"ha2\" " second " } )\n"
#define LINK(name, address)       "links = ( { name = \"" name "\" address = \"" address "\" } )"
#define UDP(name)                 "links = ( { name = \"" name "\" transport = \"udp\" } )\n"

/* Links, in a list that has room for one more. */
#define SEVEN                                                                                                              \
	"{ name = \"1\" }, { name = \"2\" }, { name = \"3\" }, { name = \"4\" }, { name = \"5\" }, { name = \"6\" }, "     \
	"{ name = \"7\" }"

extern struct conf conf;
extern struct conf_errors errors;

/* As conf_read() of the file "t", into both of these. */
int read_as(const char *text, const char *node);

#endif
