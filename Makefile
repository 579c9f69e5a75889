# Each verb is a file in scripts/; make gives it an environment to run in.
PYTHON ?= python3
PHOTO ?= docs/sample_dark.png
# More Keras backends for the tests of training, beside torch: jax, tensorflow-cpu.
BACKENDS ?=
# The folder of LOL v1, which holds eval15, for `make gallery`.
LOL ?=
# Arguments for the test runner, such as: make test ARGS="tests/photo -x"
ARGS ?=

TOOLS = PYTHON="$(CURDIR)/.venv-test/bin/python"

.PHONY: demo check test test-all docs build gallery web

demo: .venv-demo/done
	.venv-demo/bin/python scripts/demo "$(PHOTO)"

check: .venv-test/done
	$(TOOLS) scripts/check

test: .venv-test/done
	$(if $(BACKENDS),.venv-test/bin/pip install -q $(BACKENDS))
	$(TOOLS) scripts/test $(ARGS)

test-all: .venv-test/done
	$(if $(BACKENDS),.venv-test/bin/pip install -q $(BACKENDS))
	$(TOOLS) scripts/test --all $(ARGS)

docs: .venv-test/done
	.venv-test/bin/python scripts/docs

build: .venv-test/done
	$(TOOLS) scripts/build

# With LOL=lol_v1, its test pictures too, into build/gallery/.
gallery: .venv-test/done
	.venv-test/bin/python scripts/gallery $(LOL)

# The page without a server, for any host of static files: into build/web/.
web:
	node web/build.mjs

.venv-demo/done: pyproject.toml
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install -q -e '.[deep,heif,raw]'
	touch $@

.venv-test/done: pyproject.toml
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install -q -e '.[deep,heif,raw,video,serve,train,test,dev]'
	touch $@
