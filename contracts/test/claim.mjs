// Claims a reward of a Merkle round with viem, from one line that 'menuet settle --proofs' wrote; first with another reward, which must be refused.
// node test/claim.mjs URL CONTRACT LINE
import { readFileSync } from 'node:fs';
import { BaseError, ContractFunctionRevertedError, createWalletClient, http, keccak256, publicActions, toHex } from 'viem';

const [url, address, line] = process.argv.slice(2);
const { abi } = JSON.parse(readFileSync(new URL('../RewardDistributor.json', import.meta.url), 'utf8')).contracts.RewardDistributor;
const { posting, id, address: account, item, evaluation, units, proof } = JSON.parse(line);
const client = createWalletClient({ account, transport: http(url) }).extend(publicActions);
const claim = reward => ({ address, abi, account, chain: null, functionName: 'claim', args: [keccak256(toHex(posting)), BigInt(id), BigInt(item), BigInt(evaluation), reward, proof] });
try {
  await client.simulateContract(claim(BigInt(units) + 1n));
} catch (error) {
  console.log(error instanceof BaseError && error.walk(cause => cause instanceof ContractFunctionRevertedError)?.data.errorName);
}
const receipt = await client.waitForTransactionReceipt({ hash: await client.writeContract(claim(BigInt(units))), pollingInterval: 10 });
console.log(receipt.status);
