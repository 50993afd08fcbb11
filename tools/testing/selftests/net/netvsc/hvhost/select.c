// SPDX-License-Identifier: GPL-2.0
/*
 * The words of an answer that somebody has asked for.
 */
#include "select.h"

#include <stdbool.h>
#include <string.h>

/* Words end where the next one begins, or the line. */
#define WORD_ENDS	"\n "

static const char *next_word(const char *word)
{
	word += strcspn(word, WORD_ENDS);
	return *word == ' ' ? word + 1 : NULL;
}

static bool is_key(const char *asked)
{
	return !strchr(asked, '=');
}

/* @asked is @word's key, or all of it; with nothing behind =, any value will do. */
static bool is_asked(const char *asked, const char *word)
{
	size_t len = strlen(asked);

	if (strncmp(asked, word, len))
		return false;
	if (is_key(asked))
		return word[len] == '=';
	return asked[len - 1] == '=' || (word[len] && strchr(WORD_ENDS, word[len]));
}

static bool line_has(const char *line, const char *asked)
{
	const char *word;

	for (word = line; word; word = next_word(word))
		if (is_asked(asked, word))
			return true;
	return false;
}

/* Without this nobody could tell whose the others are. */
static bool names_its_line(const char *line, const char *word)
{
	return word == line || is_asked("path", word) || is_asked("channel", word);
}

static bool word_is_selected(const struct selection *sel, const char *word)
{
	unsigned int i;

	for (i = 0; i < sel->nr_words; i++)
		if (is_key(sel->words[i]) && is_asked(sel->words[i], word))
			return true;
	return false;
}

static bool has_keys(const struct selection *sel)
{
	unsigned int i;

	for (i = 0; i < sel->nr_words; i++)
		if (is_key(sel->words[i]))
			return true;
	return false;
}

static bool line_is_selected(const struct selection *sel, const char *line)
{
	bool wanted = !has_keys(sel);
	unsigned int i;

	for (i = 0; i < sel->nr_words; i++) {
		if (line_has(line, sel->words[i]))
			wanted |= is_key(sel->words[i]);
		else if (!is_key(sel->words[i]))
			return false;
	}
	return wanted;
}

static void print_line(const struct selection *sel, const char *line, FILE *out)
{
	bool whole = !has_keys(sel);
	const char *word;

	for (word = line; word; word = next_word(word)) {
		if (!whole && !names_its_line(line, word) &&
		    !word_is_selected(sel, word))
			continue;
		fprintf(out, "%s%.*s", word == line ? "" : " ",
			(int)strcspn(word, WORD_ENDS), word);
	}
	fputc('\n', out);
}

const char *select_word(struct selection *sel, const char *word)
{
	if (sel->nr_words == SELECT_WORDS)
		return "that is more than 16 words";
	sel->words[sel->nr_words++] = word;
	return NULL;
}

void select_print(const struct selection *sel, const char *text, FILE *out)
{
	const char *line, *end;

	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		if (line_is_selected(sel, line))
			print_line(sel, line, out);
}
