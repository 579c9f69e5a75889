PYTHON ?= python3
PHOTO ?= docs/sample_dark.png
# Keras backends for the tests of training, beside torch: jax, tensorflow-cpu.
BACKENDS ?=

.PHONY: demo test docs

demo: .venv-demo/done
	.venv-demo/bin/python scripts/demo.py "$(PHOTO)"

test: .venv-test/done
	$(if $(BACKENDS),.venv-test/bin/pip install -q $(BACKENDS))
	.venv-test/bin/python -m pytest -q

docs: .venv-test/done
	.venv-test/bin/python scripts/docs_commands.py

.venv-demo/done: pyproject.toml
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install -q -e '.[deep,heif,raw]'
	touch $@

.venv-test/done: pyproject.toml
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install -q -e '.[deep,heif,raw,train,test]'
	touch $@
