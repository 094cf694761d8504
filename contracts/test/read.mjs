// Reads everything that a deployed distributor shows with viem, a second implementation of everything between JSON-RPC and the contract, and prints it.
// node test/read.mjs URL CONTRACT POSTING,POSTING,… ID,ID,…
import { readFileSync } from 'node:fs';
import { BaseError, ContractFunctionRevertedError, createPublicClient, encodeFunctionData, http, keccak256, toHex } from 'viem';

const [url, address, postings, list] = process.argv.slice(2);
const { abi } = JSON.parse(readFileSync(new URL('../RewardDistributor.json', import.meta.url), 'utf8')).contracts.RewardDistributor;
const client = createPublicClient({ transport: http(url) });
const functions = new Set();
const read = (functionName, ...args) => functions.add(functionName) && client.readContract({ address, abi, functionName, args });
const ids = list.split(',').map(BigInt);
const payees = await read('addressesOf', ids);
const rounds = {};
for (const posting of postings.split(',')) {
  const round = keccak256(toHex(posting));
  const payments = [];
  for (const [i, id] of ids.entries()) {
    const [credited, withdrawn, item, evaluation, reward] = await read('paymentOf', round, id);
    const leaf = await read('leaf', round, id, payees[i], item, evaluation, reward);
    payments.push([id, await read('idToAddress', id), credited, withdrawn, item, evaluation, reward, leaf]);
  }
  rounds[posting] = { round, sums: await read('roundOf', round), credited: await read('creditedOf', round, ids), payments };
}
const logs = await client.getContractEvents({ address, abi, fromBlock: 0n });
const menus = [];
for (const { args } of logs.filter(log => log.eventName === 'MenuCommitted')) {
  menus.push([args.menu, await read('menuHash', args.qualities, args.rewards), await read('menuBlock', args.menu)]);
}
const round = keccak256(toHex(postings.split(',')[0]));
const owner = await read('owner');
let refusal;
try {
  await client.simulateContract({ address, abi, functionName: 'cancelRound', args: [round], account: owner });
} catch (error) {
  const { errorName, args } = error instanceof BaseError && error.walk(cause => cause instanceof ContractFunctionRevertedError)?.data;
  refusal = [errorName, ...args];
}
const shown = {
  chainId: await client.getChainId(),
  balance: await client.getBalance({ address }),
  owner,
  pendingOwner: await read('pendingOwner'),
  paused: await read('paused'),
  reserved: await read('reserved'),
  free: await read('free'),
  payees,
  menus,
  rounds,
  events: logs.map(log => [log.eventName, ...abi.find(item => item.type === 'event' && item.name === log.eventName).inputs.map(input => log.args[input.name])]),
  refusal,
  call: encodeFunctionData({ abi, functionName: 'withdraw', args: [7n, [round, round]] }),
  functions: [...functions].sort(),
};
const text = value => (typeof value === 'bigint' || typeof value === 'number' ? value.toString() : /^0x[0-9a-fA-F]{40}$/.test(value) ? value.toLowerCase() : value);
console.log(JSON.stringify(shown, (_, value) => text(value)));
