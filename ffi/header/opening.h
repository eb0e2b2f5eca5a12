/*
 * overt: usage telemetry that a program embeds, that its users can read, and that anyone can switch off.
 *
 * What is not declared here is not public. A complete program:
 *
@HELLO@ *
 * Build it with `cc hello.c $(pkg-config --cflags --libs overt)`. The rules below hold for every function; the comment
 * of a function says only what is particular to it.
 *
 * Names      overt_<type>_<verb> is a method of <type>, its first argument. Units stand in names: _ms, _bytes.
 * Results    A call that can fail answers with an overt_status: 0 done; positive, nothing was recorded and nothing is
 *            wrong; negative, an error. None is a reason for the host to stop. Setters answer nothing: the first thing
 *            that was wrong is kept, and overt_client_new or overt_client_capture answers it.
 * Outputs    come last, are named out_…, may be NULL if not wanted, and are written on every return: NULL, 0 or "" if
 *            there is nothing to give. Texts come as overt_text; only a message of an error comes in a buffer of the
 *            caller's, error_buf of error_cap bytes, cut to fit and always terminated.
 * NULL       Every pointer may be NULL. A NULL client is a disabled one, so a host whose client could not be made needs
 *            no further check; a setter of NULL does nothing; X_free(NULL) does nothing.
 * Ownership  Each _new, and each overt_text, has one _free. Only _free takes ownership: everything else is borrowed
 *            during the call and copied if it is kept.
 * Threads    What is const may be shared: any number of threads may use a const overt_client. What is not const belongs
 *            to one thread at a time. Nobody may use an object while, or after, it is freed. A callback may run on any
 *            thread; it must return, by no throw and no longjmp.
 * fork       A client goes on in the child, as a client of its own. What the parent recorded the parent delivers, once.
 * Signals    No function is for signal handlers. overt installs none, and its thread has all signals blocked. A process
 *            whose main thread ends by pthread_exit lives on while that thread delivers, and only SIGKILL ends it;
 *            after overt_client_close, for no longer than a request takes.
 * Panics     A fault inside overt is caught at its boundary and answered with OVERT_INTERNAL, without a word on stderr.
 */

#ifndef OVERT_H
#define OVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
