// Values → colours. Viridis from zero for shares, blue–white–red around zero for signed maps, as in draw.py.

headlight.colour = (() => {
  const VIRIDIS =
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
    "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725";
  const BLUE_WHITE_RED =
    "0530610e41791752901f63a82a71b23480b93f8ec0529dc86bacd184bcd99bc9e0aed3e6c2ddecd4e6f1e0ecf3ecf2f5f7f6f6" +
    "f9eee7fbe5d8fddcc9fbccb4f8bb9ef5aa89ee9677e48066db6b55d05548c53e3dba2832ab162a930e267c072267001f";
  const SHADES = 256;

  // Equidistant colours as hex → SHADES × RGB, linear between them.
  function table(stops) {
    const colours = stops.match(/../g).map((hex) => parseInt(hex, 16));
    const last = colours.length / 3 - 1;
    const shades = new Uint8ClampedArray(SHADES * 3);
    for (let i = 0; i < SHADES; i++) {
      const place = (i / (SHADES - 1)) * last;
      const at = Math.min(Math.floor(place), last - 1);
      for (let c = 0; c < 3; c++) {
        const [a, b] = [colours[at * 3 + c], colours[at * 3 + 3 + c]];
        shades[i * 3 + c] = a + (b - a) * (place - at);
      }
    }
    return shades;
  }
  const tables = { false: table(VIRIDIS), true: table(BLUE_WHITE_RED) };

  // A map as a canvas of one pixel a patch.
  function patches({ rows, cols, values, low, high, signed }) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [cols, rows];
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(cols, rows);
    const shades = tables[signed];
    for (let i = 0; i < values.length; i++) {
      const place = Math.min(1, Math.max(0, (values[i] - low) / (high - low)));
      const shade = Math.round(place * (SHADES - 1)) * 3;
      pixels.data.set([shades[shade], shades[shade + 1], shades[shade + 2], 255], i * 4);
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  // A colour bar, one pixel high.
  function ramp(signed) {
    const values = Float32Array.from({ length: SHADES }, (_, i) => i);
    return patches({ rows: 1, cols: SHADES, values, low: 0, high: SHADES - 1, signed });
  }

  // A canvas in grey; a colour map is read more easily over grey than over colours.
  function greyed(canvas) {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const { data } = pixels;
    for (let i = 0; i < data.length; i += 4) {
      data[i] = data[i + 1] = data[i + 2] = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    }
    context.putImageData(pixels, 0, 0);
    return copy;
  }

  return { patches, ramp, greyed };
})();
