"""A tab with the page without a server, and what tests ask its engine."""

import base64

READY = "#engine:not(:empty), #banner:not(:empty)"
PATIENCE_MS = 600_000
_CALL = """
async ([name, data, wish, options]) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const file = new File([bytes], name);
  const shares = [];
  const progress = (share) => shares.push(share);
  const base64 = async (blob) => {
    const address = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(blob);
    });
    return address.slice(address.indexOf(",") + 1);
  };
  try {
    const engine = await (window.testEngine ??= import("./engine.js").then((m) => m.createEngine()));
    const made = await engine[options.call](file, wish, { ...options, progress });
    for (const key of ["blob", "before", "after"]) if (made[key]) made[key] = await base64(made[key]);
    return { ...made, shares };
  } catch (error) {
    return { error: error.message, kind: error.name, remedy: error.remedy, status: error.status };
  }
}
"""


class Tab:
    """The page in a context of its own; at its end nothing may have gone wrong."""

    def __init__(self, context, host, route=None):
        self.context, self.host, self.page = context, host, context.new_page()
        self.foreign, self.complaints = [], []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        context.on("request", self._request)
        if route:
            context.route(*route)
        self.page.set_default_timeout(PATIENCE_MS)
        self.load()

    def load(self):
        """Open the page, or open it again."""
        self.page.goto(self.host)
        self.page.locator(READY).first.wait_for(state="attached")

    def _console(self, message):
        is_of_driver = (
            "GL Driver Message" in message.text
        )  # of speed, where there is no graphics card
        if message.type in ("error", "warning") and not is_of_driver:
            self.complaints.append(message.text)

    def _request(self, request):
        if not request.url.startswith((self.host, "blob:", "data:")):
            self.foreign.append(request.url)

    @property
    def engine_name(self):
        return self.page.inner_text("#engine")

    def ask(self, call, data, name="photo.png", wish=None, **options):
        """What a function of the engine gives for a file; bytes for its blobs."""
        argument = [name, base64.b64encode(data).decode(), wish or {}, {"call": call, **options}]
        made = self.page.evaluate(_CALL, argument)
        return {
            key: base64.b64decode(value) if key in ("blob", "before", "after") else value
            for key, value in made.items()
        }

    def enhanced(self, data, name="photo.png", **wish):
        """The file that the engine makes of one."""
        made = self.ask("enhance", data, name, wish)
        assert "error" not in made, made
        return made["blob"]

    def close(self):
        self.context.close()
        assert not self.foreign, self.foreign
        assert not self.complaints, self.complaints
