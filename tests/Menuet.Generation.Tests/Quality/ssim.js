// Reads {"pairs": [{"width", "height", "x": [grey], "y": [grey]}]} and writes the similarity of each pair.
const { ssim } = require("ssim.js");
const rgba = (grey, width, height) => ({ width, height, data: Uint8ClampedArray.from(grey.flatMap(v => [v, v, v, 255])) });
const { pairs } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const options = { ssim: "original", downsample: false };
console.log(JSON.stringify(pairs.map(p => ssim(rgba(p.x, p.width, p.height), rgba(p.y, p.width, p.height), options).mssim)));
