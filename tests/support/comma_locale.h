// A locale that writes 0.5 as 0,5, for tests that text does not depend on the locale.
//
//   const CommaLocale comma;
//   if (!comma.active()) return;  // a message says that this machine cannot make such a locale
#pragma once
#include <doctest/doctest.h>
#include <locale.h>
#include <stdlib.h>

#include <cstdio>
#include <string>

#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"

namespace banel {

// While it lives, the whole process uses a locale with the numbers of de_DE, made by localedef.
class CommaLocale {
 public:
  CommaLocale() {
    const std::string source = (folder_.path / "source").string(), locale = (folder_.path / "comma").string();
    write_file(source,
               "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n");
    // -c: a locale is made although the other categories are missing; it then warns by its exit code.
    [[maybe_unused]] const int warnings =
        std::system(("localedef -c -i '" + source + "' '" + locale + "' >/dev/null 2>&1").c_str());
    ::setenv("LOCPATH", folder_.path.c_str(), 1);
    ::setlocale(LC_ALL, "comma");
    if (!active()) MESSAGE("localedef makes no locale with a decimal comma here: nothing is tested");
  }
  ~CommaLocale() {
    ::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
  }

  bool active() const {
    char text[8];
    std::snprintf(text, sizeof text, "%.1f", 0.5);
    return std::string(text) == "0,5";
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace banel
