// Runs models: reads {models: [{path, rows, columns, input: base64 of floats}]} from standard input, writes one base64 of floats a line.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const ort = createRequire(import.meta.url)('onnxruntime-node');
for (const { path, rows, columns, input } of JSON.parse(readFileSync(0, 'utf8')).models) {
  const session = await ort.InferenceSession.create(path);
  const bytes = Buffer.from(input, 'base64');
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const { actions } = await session.run({ observations: new ort.Tensor('float32', data, [rows, columns]) });
  console.log(JSON.stringify({ dims: actions.dims, data: Buffer.from(actions.data.buffer, actions.data.byteOffset, actions.data.byteLength).toString('base64') }));
}
