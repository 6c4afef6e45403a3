// Sums of fractions by GMP's C++ classes, and digits of pi by MPFR.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <gmpxx.h>
#include <mpfr.h>

#include <cstdio>
#include <sstream>

static PyObject *harmonic(PyObject *, PyObject *args) {
  long n;
  if (!PyArg_ParseTuple(args, "l", &n)) return nullptr;
  mpq_class sum = 0;
  for (long i = 1; i <= n; i++) sum += mpq_class(1, i);
  std::ostringstream out;
  out << sum;  // the operator is in libgmpxx
  return PyUnicode_FromString(out.str().c_str());
}

static PyObject *pi(PyObject *, PyObject *) {
  mpfr_t value;
  char text[64];
  mpfr_init2(value, 200);
  mpfr_const_pi(value, MPFR_RNDN);
  mpfr_snprintf(text, sizeof text, "%.40Rf", value);
  mpfr_clear(value);
  return PyUnicode_FromString(text);
}

static PyMethodDef methods[] = {
    {"harmonic", harmonic, METH_VARARGS, "Return 1 + 1/2 + ... + 1/n as a fraction."},
    {"pi", pi, METH_NOARGS, "Return pi to forty places."},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "exact", nullptr, -1, methods};

PyMODINIT_FUNC PyInit_exact() { return PyModule_Create(&module); }
