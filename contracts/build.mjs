// Compiles the contracts and writes their artifacts; with --check compares instead, and exits 1 where a committed artifact differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const solc = require('solc');
const { keccak256 } = require('js-sha3');

const folder = dirname(fileURLToPath(import.meta.url));
const settings = {
  optimizer: { enabled: true, runs: 10_000 },
  evmVersion: 'cancun',
  viaIR: true,
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.methodIdentifiers'] } },
};
// The library is deployed by people; the adversaries, and the paper's own contract, only by tests and benchmarks.
const artifacts = { 'RewardDistributor.json': 'RewardDistributor.sol', 'test/Adversaries.json': 'test/Adversaries.sol', 'test/Invariants.json': 'test/Invariants.sol' };

const read = name => readFileSync(join(folder, name), 'utf8');
const signature = item => `${item.name}(${item.inputs.map(input => input.type).join(',')})`;
const hash = text => `0x${keccak256(text)}`;
const pick = (abi, type, value) =>
  Object.fromEntries(abi.filter(item => item.type === type).map(item => [signature(item), value(signature(item))]).sort());

const sources = Object.values(artifacts);
const input = { language: 'Solidity', sources: Object.fromEntries(sources.map(name => [name, { content: read(name) }])), settings };
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: path => ({ contents: read(path) }) }));
// Deprecations that the adversaries exist to show.
const faults = (output.errors ?? []).filter(error => error.severity === 'error' || !/selfdestruct|transfer/.test(error.message));
if (faults.length > 0) {
  console.error(faults.map(fault => fault.formattedMessage).join('\n'));
  process.exit(2);
}

function artifact(source) {
  const { outputSelection, ...shown } = settings;
  return {
    compiler: solc.version(),
    settings: shown,
    contracts: Object.fromEntries(Object.entries(output.contracts[source]).map(([name, contract]) => [name, {
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
      deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
      selectors: Object.fromEntries(Object.entries(contract.evm.methodIdentifiers).map(([method, selector]) => [method, `0x${selector}`]).sort()),
      topics: pick(contract.abi, 'event', hash),
      errors: pick(contract.abi, 'error', text => hash(text).slice(0, 10)),
    }])),
  };
}

let differs = false;
for (const [file, source] of Object.entries(artifacts)) {
  const text = JSON.stringify(artifact(source), null, 1) + '\n';
  if (!process.argv.includes('--check')) {
    writeFileSync(join(folder, file), text);
  } else if (read(file) !== text) {
    console.error(`${file} is not what the sources compile to; run 'npm run build' in contracts/`);
    differs = true;
  }
}
process.exit(differs ? 1 : 0);
