# lit configuration: `lit build/<preset>/test` or the target check-qeff.
import os

import lit.formats

config.name = "QEff"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "python", "fuzz", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.qeff_build_dir, "test")

path = [os.path.join(config.qeff_build_dir, "bin"), config.llvm_tools_dir,
        os.path.dirname(config.python_executable), config.environment["PATH"]]
config.environment["PATH"] = os.pathsep.join(path)
config.environment["PYTHONPATH"] = os.path.join(config.qeff_build_dir, "python")
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"

config.substitutions += [
    ("%python", config.python_executable),
    ("%qeff_lib", os.path.join(config.qeff_build_dir, "lib")),
    ("%make_gguf", os.path.join(config.qeff_source_dir, "test", "Import",
                                "Inputs", "make_gguf.py")),
    ("%make_model", os.path.join(config.qeff_source_dir, "test", "Import",
                                 "Inputs", "make_model.py")),
    ("%qeff_src", config.qeff_source_dir),
    ("%qeff_build", config.qeff_build_dir),
    ("%plugin_opt", os.path.join(config.llvm_tools_dir, "mlir-opt")
     + " --load-dialect-plugin=" + config.qeff_build_dir + "/lib/QEffPlugin.so"
     + " --load-pass-plugin=" + config.qeff_build_dir + "/lib/QEffPlugin.so"),
]

# QEFF_OPT_CHECK_ROUNDTRIP=1 sends every qeff-opt run through bytecode too.
if os.environ.get("QEFF_OPT_CHECK_ROUNDTRIP"):
    config.substitutions.append(("qeff-opt ", "qeff-opt --verify-roundtrip "))
