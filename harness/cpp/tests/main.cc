/// \file
/// Runs every test that is linked in.

#include "check.h"

int main() { return harness::test::RunAll(); }
