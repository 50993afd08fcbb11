/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What somebody wants to know of an answer of many lines and words, KEY=VALUE each.
 * A guest pays two exits for each character of an answer.
 * select.c
 */
#ifndef HVHOST_SELECT_H
#define HVHOST_SELECT_H

#include <stdio.h>

#define SELECT_WORDS	16

/**
 * struct selection - lines that hold each KEY=VALUE, and of them the words of KEYs
 * @words: each a KEY, a KEY=VALUE, or KEY= for any value; not copied
 */
struct selection {
	unsigned int nr_words;
	const char *words[SELECT_WORDS];
};

/**
 * select_word() - adds one of those that were asked for
 *
 * Return: NULL, or why it cannot be.
 */
const char *select_word(struct selection *sel, const char *word);

/**
 * select_print() - writes what was asked for of some lines
 * @text: they, each with its newline
 *
 * A line keeps the words by which it is known, and is left out if it has none of
 * the KEYs. Without KEYs it is whole.
 */
void select_print(const struct selection *sel, const char *text, FILE *out);

#endif
