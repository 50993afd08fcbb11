// SPDX-License-Identifier: GPL-2.0
/*
 * The line protocol: its commands. Who speaks it is in control.c.
 */
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fault.h"
#include "log.h"
#include "loop.h"
#include "nic.h"
#include "nvsp_wire.h"
#include "select.h"

/* Within which a guest is to leave a VF that it is told will lose its link. */
#define NOTICE_SECONDS		2
#define NOTICE_SECONDS_MAX	600

struct reply {
	command_write_fn write;
	void *ctx;
};

__attribute__((format(printf, 2, 3)))
static void reply(const struct reply *to, const char *fmt, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	to->write(to->ctx, text, len);
}

static void reply_done(const struct reply *to, const char *why)
{
	if (why)
		reply(to, "error: %s\n", why);
	else
		reply(to, "ok\n");
}

/* Takes the next word off *@rest; empty at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	*rest = end;
	if (*end) {
		*end = '\0';
		*rest = end + 1;
	}
	return word;
}

/* All that is left, without the blanks around it. */
static char *last_words(char *rest)
{
	size_t len;

	rest += strspn(rest, " \t");
	len = strlen(rest);
	while (len && isblank((unsigned char)rest[len - 1]))
		rest[--len] = '\0';
	return rest;
}

static bool parse_id(const char *word, unsigned int *id)
{
	if (!isdigit((unsigned char)word[0]) || word[1])
		return false;
	*id = word[0] - '0';
	return *id < NIC_MAX;
}

static bool parse_mac(const char *word, uint8_t mac[6])
{
	unsigned int i, digit, byte[6];
	int end = 0;

	for (i = 0, digit = 0; i < 17 && word[i]; i++)
		digit += isxdigit((unsigned char)word[i]) != 0;
	if (digit != 12 || sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0],
				  &byte[1], &byte[2], &byte[3], &byte[4],
				  &byte[5], &end) != 6 || end != 17 || word[17])
		return false;
	for (i = 0; i < 6; i++)
		mac[i] = byte[i];
	return true;
}

static bool parse_number(const char *word, uint32_t *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)word[0]))
		return false;
	errno = 0;
	value = strtoul(word, &end, 10);
	*number = value;
	return !*end && !errno && value <= UINT32_MAX;
}

/**
 * struct verb - what can be done to a NIC or its VF
 * @vf: there has to be one
 * @parse: the words that follow, if any do
 * @act, @set, @tell: does it; the last two take what was parsed
 */
struct verb {
	const char *name;
	bool vf;
	const char *(*parse)(char *rest, uint32_t *value);
	const char *(*act)(struct nic *nic);
	const char *(*set)(struct nic *nic, bool on);
	const char *(*tell)(struct nic *nic, uint32_t value);
};

static const char *parse_switch(char *rest, uint32_t *on)
{
	const char *word = last_words(rest);

	*on = !strcmp(word, "on");
	return *on || !strcmp(word, "off") ? NULL : "say on or off";
}

static const char *parse_speed(char *rest, uint32_t *mbit)
{
	return parse_number(last_words(rest), mbit) ? NULL :
						      "say how many Mbit/s";
}

static const char *parse_mtu(char *rest, uint32_t *mtu)
{
	return parse_number(last_words(rest), mtu) ? NULL :
						     "say how many bytes";
}

static const char *parse_nvsp(char *rest, uint32_t *version)
{
	static const struct {
		const char *name;
		uint32_t version;
	} versions[] = {
		{ "1", NVSP_V1 }, { "2", NVSP_V2 }, { "4", NVSP_V4 },
		{ "5", NVSP_V5 }, { "6", NVSP_V6 }, { "6.1", NVSP_V61 },
	};
	const char *word = last_words(rest);
	unsigned int i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(word, versions[i].name))
			continue;
		*version = versions[i].version;
		return NULL;
	}
	return "say 1, 2, 4, 5, 6 or 6.1";
}

static const char *parse_channel(char *rest, uint32_t *channel)
{
	return parse_number(last_words(rest), channel) ? NULL :
							 "say which channel";
}

static const char *do_verb(struct host *host, unsigned int id,
			   const struct verb *verb, char *rest)
{
	const char *why = NULL;
	uint32_t value = 0;
	struct nic *nic;

	if (verb->parse)
		why = verb->parse(rest, &value);
	if (why)
		return why;
	nic = verb->vf ? host_nic_vf(host, id, &why) : host_nic(host, id, &why);
	if (!nic)
		return why;
	if (verb->act)
		return verb->act(nic);
	return verb->set ? verb->set(nic, value) : verb->tell(nic, value);
}

/* One of @verbs, which end with one without a name, or @usage. */
static const char *do_verbs(struct host *host, unsigned int id,
			    const struct verb *verbs, const char *name,
			    char *rest, const char *usage)
{
	for (; verbs->name; verbs++)
		if (!strcmp(name, verbs->name))
			break;
	if (!verbs->name || (!verbs->parse && *last_words(rest)))
		return usage;
	return do_verb(host, id, verbs, rest);
}

static const char *nic_name_command(struct host *host, unsigned int id,
				    const char *name)
{
	const char *why;
	struct nic *nic = host_nic(host, id, &why);

	return nic ? nic_name(nic, name) : why;
}

static const char *nic_command(struct host *host, unsigned int id, char *rest)
{
	static const struct verb verbs[] = {
		{ "remove", .act = nic_remove },
		{ "rescind", .act = nic_rescind },
		{ "link", .parse = parse_switch, .set = nic_link },
		{ "speed", .parse = parse_speed, .tell = nic_speed },
		{ "mtu", .parse = parse_mtu, .tell = nic_mtu },
		{ "nvsp", .parse = parse_nvsp, .tell = nic_nvsp },
		{ "send-on", .parse = parse_channel, .tell = nic_send_on },
		{ "rescind-channel", .parse = parse_channel,
		  .tell = nic_rescind_channel },
		{ "network-change", .act = nic_network_change },
		{ NULL }
	};
	const char *verb = next_word(&rest);
	uint8_t mac[6];

	if (!strcmp(verb, "add")) {
		if (!parse_mac(last_words(rest), mac))
			return "say an address, as in 00:15:5d:00:00:01";
		return host_nic_add(host, id, mac);
	}
	if (!strcmp(verb, "name"))
		return nic_name_command(host, id, last_words(rest));
	return do_verbs(host, id, verbs, verb, rest,
			"usage: nic N add MAC | remove | rescind | "
			"link on|off | speed MBIT | mtu N | name [TEXT] | "
			"nvsp VERSION | "
			"send-on CHANNEL | rescind-channel CHANNEL | "
			"network-change");
}

/* on, off, or off notice [SECONDS] */
static const char *vf_link(struct host *host, unsigned int id, char *rest)
{
	const char *word = next_word(&rest);
	bool up = !strcmp(word, "on"), notice;
	uint32_t seconds = NOTICE_SECONDS;
	struct nic *nic;
	const char *why;

	if (!up && strcmp(word, "off"))
		return "say on or off";
	word = next_word(&rest);
	notice = *word;
	if (notice && (up || strcmp(word, "notice")))
		return "say on, off or off notice";
	word = last_words(rest);
	if (notice && *word && (!parse_number(word, &seconds) ||
				seconds > NOTICE_SECONDS_MAX))
		return "say how many seconds, up to 600";
	nic = host_nic_vf(host, id, &why);
	if (!nic)
		return why;
	return notice ? nic_vf_notice_link_off(nic, seconds) :
			nic_vf_link(nic, up);
}

static const char *vf_command(struct host *host, unsigned int id, char *rest)
{
	static const struct verb verbs[] = {
		{ "add", .act = nic_vf_add },
		{ "add-early", .act = nic_vf_add_early },
		{ "eject", .vf = true, .act = nic_vf_eject },
		{ "yank", .vf = true, .act = nic_vf_yank },
		{ "hang", .vf = true, .parse = parse_switch,
		  .set = nic_vf_hang },
		{ "reset", .vf = true, .act = nic_vf_reset },
		{ "select", .vf = true, .parse = parse_switch,
		  .set = nic_vf_select },
		{ NULL }
	};
	const char *verb = next_word(&rest);

	if (!strcmp(verb, "link"))
		return vf_link(host, id, rest);
	return do_verbs(host, id, verbs, verb, rest,
			"usage: vf N add | add-early | eject | yank | link on|off | "
			"link off notice [SECONDS] | hang on|off | reset | "
			"select on|off");
}

/* A command that says all itself */
static const char *do_act(struct host *host, unsigned int id, char *rest,
			  const char *(*act)(struct nic *), const char *usage)
{
	const struct verb verb = { .act = act };

	return *last_words(rest) ? usage : do_verb(host, id, &verb, rest);
}

static const char *hold_command(struct host *host, unsigned int id, char *rest)
{
	return do_act(host, id, rest, nic_hold, "usage: hold N");
}

static const char *release_command(struct host *host, unsigned int id,
				   char *rest)
{
	return do_act(host, id, rest, nic_release, "usage: release N");
}

static const char *offer_command(struct host *host, unsigned int id,
				 char *rest)
{
	return do_act(host, id, rest, nic_offer, "usage: offer N");
}

static const char *capture_command(struct host *host, unsigned int id,
				   char *rest)
{
	const char *path = next_word(&rest);
	const char *file = last_words(rest);
	bool vf = !strcmp(path, "vf");
	bool both = !strcmp(path, "off") && !*file;
	struct nic *nic;
	const char *why;

	if (!both && ((!vf && strcmp(path, "synthetic")) || !*file))
		return "usage: capture N synthetic|vf FILE | off";
	nic = host_nic(host, id, &why);
	if (!nic)
		return why;
	if (!both)
		return nic_capture(nic, vf, strcmp(file, "off") ? file : NULL);
	why = nic_capture(nic, false, NULL);
	return why ? why : nic_capture(nic, true, NULL);
}

static void for_nic(struct host *host, char *rest, const struct reply *to,
		    const char *(*fn)(struct host *, unsigned int, char *))
{
	const char *word = next_word(&rest);
	unsigned int id;

	if (!parse_id(word, &id))
		reply(to, "error: NIC numbers are 0 to %d\n", NIC_MAX - 1);
	else
		reply_done(to, fn(host, id, rest));
}

/* step NAME[#INDEX] ACTION [NUMBER] */
static const char *fault_step(struct host *host, unsigned int id, char *rest)
{
	const char *spec = next_word(&rest);
	const char *action = next_word(&rest);
	const char *word = last_words(rest);
	uint32_t number = 1;
	struct nic *nic;
	const char *why;

	if (*word && !parse_number(word, &number))
		return "that is no number";
	nic = host_nic(host, id, &why);
	return nic ? nic_fault_step(nic, spec, action, number) : why;
}

static const char *fault_command(struct host *host, unsigned int id,
				 char *rest)
{
	const char *name = next_word(&rest);
	const char *word, *why;
	enum fault_id fault;
	uint32_t number = 1;
	struct nic *nic;

	if (!strcmp(name, "step"))
		return fault_step(host, id, rest);
	word = last_words(rest);
	if (!strcmp(name, "off") && !*word)
		return do_act(host, id, rest, nic_fault_off, NULL);
	fault = fault_find(name);
	if (fault == NR_FAULTS)
		return "no such fault, try fault list";
	if (*word && !parse_number(word, &number))
		return "that is no number";
	nic = host_nic(host, id, &why);
	return nic ? nic_fault(nic, fault, number) : why;
}

static void list_faults(const struct reply *to)
{
	enum fault_id id;

	for (id = 0; id < NR_FAULTS; id++)
		reply(to, "%-20s [%s]\t%s\n", fault_list[id].name,
		      fault_list[id].number, fault_list[id].help);
	reply(to, "step NAME[#I] ACTION [NUMBER]\tone or all steps of this name:\n"
	      "\topen gpadl teardown nvsp-init nvsp-recv-buf nvsp-send-buf\n"
	      "\tnvsp-subchannel nvsp-switch rndis-init rndis-query[:OID]\n"
	      "\trndis-set[:OID]; or nvsp, or rndis\n");
	reply(to, "\tACTION: refuse (not teardown), late [SECONDS], never; and not\n"
	      "\tfor open, gpadl, teardown and nvsp-switch: garbage [SEED], short;\n"
	      "\tfor open, gpadl and teardown: signal, an interrupt before the answer\n");
	reply_done(to, NULL);
}

static void do_fault(struct host *host, char *rest, const struct reply *to)
{
	if (!strcmp(last_words(rest), "list"))
		list_faults(to);
	else
		for_nic(host, rest, to, fault_command);
}

/* Data lines that somebody prints */
struct text {
	FILE *out;
	char *bytes;
	size_t len;
};

static bool text_open(struct text *text)
{
	text->out = open_memstream(&text->bytes, &text->len);
	return text->out;
}

static void text_reply(struct text *text, const struct reply *to)
{
	fclose(text->out);
	to->write(to->ctx, text->bytes, text->len);
	free(text->bytes);
	reply_done(to, NULL);
}

/* Of one NIC */
static void do_report(struct host *host, char *rest, const struct reply *to,
		      void (*print)(struct nic *nic, FILE *out))
{
	struct text text = { 0 };
	struct nic *nic = NULL;
	unsigned int id;
	const char *why;

	if (parse_id(last_words(rest), &id))
		nic = host_nic(host, id, &why);
	else
		why = "say which NIC";
	if (nic && !text_open(&text))
		why = "out of memory";
	if (!text.out) {
		reply_done(to, why);
		return;
	}
	print(nic, text.out);
	text_reply(&text, to);
}

/* Whole, or what was asked for */
static void do_stats(struct host *host, char *rest, const struct reply *to)
{
	struct text all = { 0 }, text = { 0 };
	struct selection sel = { 0 };
	const char *why = NULL;
	char *word;

	while (!why && *(word = next_word(&rest)))
		why = select_word(&sel, word);
	if (!why && !text_open(&all))
		why = "out of memory";
	if (why) {
		reply_done(to, why);
		return;
	}
	host_print_stats(host, all.out);
	fclose(all.out);
	if (text_open(&text)) {
		select_print(&sel, all.bytes, text.out);
		text_reply(&text, to);
	} else {
		reply_done(to, "out of memory");
	}
	free(all.bytes);
}

static void do_mark(struct host *host, char *rest, const struct reply *to)
{
	char *text = last_words(rest), *p;
	struct timespec now;
	char stamp[40];

	(void)host;
	for (p = text; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	/* Whoever looks at hvhost's memory then sees what it holds, not what it held. */
	malloc_trim(0);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(stamp, sizeof(stamp), "%lld.%06ld", (long long)now.tv_sec,
		 now.tv_nsec / 1000);
	log_info("mark", "%s %s", stamp, text);
	reply(to, "ok %s\n", stamp);
}

static void do_quit(struct host *host, char *rest, const struct reply *to)
{
	(void)host;
	(void)rest;
	reply_done(to, NULL);
	log_info("control", "quit");
	loop_stop(0);
}

static void do_help(struct host *host, char *rest, const struct reply *to);

/**
 * struct command - what the first word of a line may be
 * @fn: does it, and answers
 * @on_nic: in its place: does it to the NIC of the second word; why not, or NULL
 * @print: in its place: says it of the NIC that is the second word
 * @alone: no words follow
 * @outside: reaches files of the machine, and is not for the guest
 */
static const struct command {
	const char *name;
	void (*fn)(struct host *host, char *rest, const struct reply *to);
	const char *(*on_nic)(struct host *host, unsigned int id, char *rest);
	void (*print)(struct nic *nic, FILE *out);
	bool alone;
	bool outside;
	const char *help;
} commands[] = {
	{ .name = "help", .fn = do_help, .alone = true, .help =
	  "help                          this text" },
	{ .name = "nic", .on_nic = nic_command, .help =
	  "nic N add MAC | remove        give the guest a NIC, take it away\n"
	  "nic N rescind                 take it, and leave the guest its VF\n"
	  "nic N link on|off             cable of the synthetic path\n"
	  "nic N speed MBIT              speed of the physical NIC\n"
	  "nic N name [TEXT]             the name that a guest finds when it asks, or\n"
	  "                              none\n"
	  "nic N mtu N                   the largest from the next session on\n"
	  "nic N nvsp VERSION            no later one from the next session on:\n"
	  "                              1, 2, 4, 5, 6 or 6.1\n"
	  "nic N send-on CHANNEL         tell the guest to send on this one only\n"
	  "nic N rescind-channel CHANNEL take this sub-channel, and leave the NIC the\n"
	  "                              others\n"
	  "nic N network-change          have the guest look where it is now" },
	{ .name = "vf", .on_nic = vf_command, .help =
	  "vf N add                      assign a VF to NIC N, and offer it as soon as\n"
	  "                              the NIC's driver can be told of it\n"
	  "vf N add-early                offer it at once\n"
	  "vf N eject                    ask the guest to give it up; ok: asked\n"
	  "vf N yank                     take it without asking\n"
	  "vf N link on|off              cable of the VF\n"
	  "vf N link off notice [SECONDS]\n"
	  "                              tell the guest, and pull the cable when it\n"
	  "                              has left the VF, or after so long (2)\n"
	  "vf N hang on|off              it neither sends nor receives\n"
	  "vf N reset                    its registers, rings and interrupts are as at\n"
	  "                              power-on, and the guest is not told\n"
	  "vf N select on|off            move the data path to it and back, as if\n"
	  "                              the guest's netvsc had asked for that" },
	{ .name = "hold", .on_nic = hold_command, .help =
	  "hold N                        take nothing from NIC N's rings and put\n"
	  "                              nothing on them; frames for it pile up, and\n"
	  "                              the guest need not signal.  What is left of\n"
	  "                              the host: messages of VMBus and vPCI, and an\n"
	  "                              exit for each write to a VF's register" },
	{ .name = "offer", .on_nic = offer_command, .help =
	  "offer N                       offer what has piled up, as far as there is\n"
	  "                              room, and go on holding" },
	{ .name = "release", .on_nic = release_command, .help =
	  "release N                     let go: all that was left is done at once" },
	{ .name = "path", .print = nic_print_path, .help =
	  "path N                        which path the guest has selected, and the\n"
	  "                              state of the VF; short, for who asks often" },
	{ .name = "stats", .fn = do_stats, .help =
	  "stats [KEY | KEY=[VALUE]]...  state and counters of each path; of the lines\n"
	  "                              that hold each KEY=VALUE only those with a\n"
	  "                              KEY, and of these only that" },
	{ .name = "capture", .on_nic = capture_command, .outside = true, .help =
	  "capture N synthetic|vf FILE   write the path's frames to a pcapng file (not\n"
	  "                              for the guest: on the control socket only)\n"
	  "capture N off                 end both captures of NIC N" },
	{ .name = "fault", .fn = do_fault, .help =
	  "fault N NAME [NUMBER]         do something wrong to NIC N, once or\n"
	  "                              NUMBER times\n"
	  "fault N step NAME ACTION [NUMBER]\n"
	  "                              the same at a step, until off\n"
	  "fault N off                   do nothing wrong any more, and forget\n"
	  "                              which steps the guest has taken; a switch of\n"
	  "                              the data path that is late is done now\n"
	  "fault list                    what can be done wrong" },
	{ .name = "steps", .print = nic_print_steps, .help =
	  "steps N                       which it has taken since, in order" },
	{ .name = "mark", .fn = do_mark, .help =
	  "mark TEXT                     put TEXT in hvhost's log; ok TIME" },
	{ .name = "quit", .fn = do_quit, .alone = true, .help =
	  "quit                          stop the guest, end hvhost" },
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void do_help(struct host *host, char *rest, const struct reply *to)
{
	size_t i;

	(void)host;
	(void)rest;
	for (i = 0; i < NR_COMMANDS; i++) {
		to->write(to->ctx, commands[i].help, strlen(commands[i].help));
		to->write(to->ctx, "\n", 1);
	}
	reply_done(to, NULL);
}

static void command_do(const struct command *command, struct host *host,
		       char *rest, const struct reply *to)
{
	if (command->alone && *last_words(rest))
		reply(to, "error: %s takes no words\n", command->name);
	else if (command->on_nic)
		for_nic(host, rest, to, command->on_nic);
	else if (command->print)
		do_report(host, rest, to, command->print);
	else
		command->fn(host, rest, to);
}

void command_run(struct host *host, char *line, bool from_guest,
		 command_write_fn write, void *ctx)
{
	const struct reply to = { write, ctx };
	char *rest = line, *word;
	size_t i;

	word = next_word(&rest);
	for (i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(word, commands[i].name))
			continue;
		if (commands[i].outside && from_guest)
			reply(&to, "error: %s: on the control socket only\n",
			      word);
		else
			command_do(&commands[i], host, rest, &to);
		return;
	}
	reply(&to, "error: unknown command, try help\n");
}
