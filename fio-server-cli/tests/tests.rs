//! The program from outside: one binary, one module per subject.
