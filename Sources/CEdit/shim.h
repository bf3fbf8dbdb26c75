#pragma once
#include <editline/readline.h>

// What Swift does not see of libedit: its settings are variables.

/// Makes Ctrl-C a key for the line that is about to be typed; libedit forgets it with every line.
static inline int osodata_edit_take_keys(void) { return rl_parse_and_bind("setty -d -isig"); }

/// Names the program, who completes a word (which ends where a name in SQL does), and who is called
/// for Ctrl-C while a line is typed: as a key, since libedit goes on reading after the signal.
static inline void osodata_edit_start(const char *name, rl_completion_func_t *complete,
                                      rl_command_func_t *interrupt) {
    rl_readline_name = name;
    rl_attempted_completion_function = complete;
    rl_basic_word_break_characters = " \t\n\"'`><=;|&{(,)+-*/";
    rl_completer_word_break_characters = (char *)rl_basic_word_break_characters;
    rl_initialize();
    rl_add_defun("osodata-interrupt", interrupt, 3);
    rl_pre_input_hook = osodata_edit_take_keys;
}

/// Ends the line that is being typed; `readline` gives NULL.
static inline void osodata_edit_end_line(void) { rl_done = 1; }

/// Says of a completion that no file names are to be tried.
static inline void osodata_edit_end_completion(void) { rl_attempted_completion_over = 1; }
