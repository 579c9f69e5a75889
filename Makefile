PYTHON ?= python3
PHOTO ?= docs/sample_dark.png

.PHONY: demo test

demo: .venv-demo/done
	mkdir -p demo
	.venv-demo/bin/scotopic enhance "$(PHOTO)" -o demo/ --overwrite
	@ls -l demo

test: .venv-test/done
	.venv-test/bin/python -m pytest -q

.venv-demo/done: pyproject.toml
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install -q -e '.[deep]'
	touch $@

.venv-test/done: pyproject.toml
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install -q -e '.[deep,test]'
	touch $@
