// Reads a deployed distributor with viem, a second implementation of everything between JSON-RPC and the contract, and prints what it sees.
// node test/read.mjs URL CONTRACT ROUND ID,ID,…
import { readFileSync } from 'node:fs';
import { createPublicClient, encodeFunctionData, http, keccak256, toHex } from 'viem';

const [url, address, posting, ids] = process.argv.slice(2);
const { abi } = JSON.parse(readFileSync(new URL('../RewardDistributor.json', import.meta.url), 'utf8')).contracts.RewardDistributor;
const client = createPublicClient({ transport: http(url) });
const read = (functionName, args = []) => client.readContract({ address, abi, functionName, args });
const round = keccak256(toHex(posting));
const [state, menu, content, total, credited, withdrawn] = await read('roundOf', [round]);
const payments = [];
for (const id of ids.split(',').map(BigInt)) {
  const [isCredited, isWithdrawn, item, evaluation, reward] = await read('paymentOf', [round, id]);
  payments.push({ id, payee: await read('idToAddress', [id]), credited: isCredited, withdrawn: isWithdrawn, item, evaluation, reward });
}
const logs = await client.getContractEvents({ address, abi, fromBlock: 0n });
const shown = {
  chainId: await client.getChainId(),
  owner: await read('owner'),
  reserved: await read('reserved'),
  free: await read('free'),
  round: { name: round, state, menu, content, total, credited, withdrawn },
  payments,
  events: logs.map(log => log.eventName),
  call: encodeFunctionData({ abi, functionName: 'withdraw', args: [7n, [round, round]] }),
};
console.log(JSON.stringify(shown, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
