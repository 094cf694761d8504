using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Menuet.Settlement.Ethereum;

/// <summary>Something to bring about on chain, once.</summary>
/// <param name="Key">Names it in the journal: the same key is the same intent.</param>
/// <param name="To">0x…; null deploys.</param>
/// <param name="Data">The call.</param>
/// <param name="Value">Wei to send along.</param>
/// <param name="Done">Whether the state at a block shows it; null: it is done when a transaction of ours succeeded.</param>
internal sealed record Step(string Key, string? To, byte[] Data, BigInteger Value, Func<long, CancellationToken, Task<bool>>? Done);

/// <summary>
/// Brings steps about: writes an intent with its nonce to disk, sends, and looks at the chain's state until it shows the step
/// <see cref="EthereumOptions.Confirmations"/> blocks deep. It never concludes from what it sent, only from what stands: a lost answer,
/// a crash, a replaced transaction and a reorganisation are all the same to it.
/// </summary>
internal sealed class Sender(Chain chain, JsonRpc node, JsonRpc? signer, Journal journal, ContractAbi abi, EthereumOptions options) : IDisposable
{
    // How often a nonce must be seen used by nobody's transaction of ours before it is given up.
    private const int SightingsOfReplacement = 4;

    // How often the contract may refuse a step because the state moved on meanwhile.
    private const int Overtakings = 10;

    // A reorganisation took away what a step builds on, or another process did a part of the work first.
    private static readonly string[] Overtaken = ["RoundExists", "RoundNotIn", "NoAddress", "AlreadyCredited"];

    private readonly SemaphoreSlim recovering = new(1);
    private bool recovered;

    public void Dispose() => recovering.Dispose();

    /// <summary>Brings the step about and waits until it is final.</summary>
    /// <returns>The receipt of our transaction, when it was ours and is known.</returns>
    /// <exception cref="RevertedException">The contract refused.</exception>
    /// <exception cref="PendingException">Time ran out; making the same call again goes on from there.</exception>
    internal Task<(string? Hash, TransactionReceipt? Receipt)> RunAsync(Step step, CancellationToken cancellation) => RunAsync(step, final: true, cancellation);

    /// <summary>The same, waiting only until the newest block shows it, so that what depends on it can be sent.</summary>
    internal Task<(string? Hash, TransactionReceipt? Receipt)> AdvanceAsync(Step step, CancellationToken cancellation) => RunAsync(step, final: false, cancellation);

    /// <summary>Brings about what several steps do: looks, sends what the newest block does not show, looks again, until it is final.</summary>
    /// <param name="key">The steps' keys begin with it and a colon.</param>
    /// <param name="done">Whether the state at a block shows it.</param>
    /// <param name="send">Advances what is left to do from the state that stands.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal async Task BringAboutAsync(
        string key, Func<long, CancellationToken, Task<bool>> done, Func<CancellationToken, Task> send, CancellationToken cancellation)
    {
        var deadline = Deadline();
        var overtakings = 0;
        var trouble = "";
        while (true)
        {
            try
            {
                await RecoverAsync(cancellation);
                var head = await chain.HeadAsync(cancellation);
                if (Depth(head) is >= 0 and var depth && await done(depth, cancellation))
                {
                    await CloseSpentAsync(depth, cancellation);
                    return;
                }

                if (!await done(head, cancellation) && await IsDrainedAsync(key + ":", cancellation))
                {
                    await send(cancellation);
                    trouble = "";
                    continue;
                }

                trouble = "";
            }
            catch (RevertedException error) when (Overtaken.Contains(error.Error) && ++overtakings <= Overtakings)
            {
                trouble = $" The last trouble: {error.Message}.";
            }
            catch (UnreachableException error)
            {
                trouble = $" The last trouble: {error.Message}.";
            }

            await PauseAsync(key, deadline, trouble, cancellation);
        }
    }

    private async Task<(string? Hash, TransactionReceipt? Receipt)> RunAsync(Step step, bool final, CancellationToken cancellation)
    {
        await RecoverAsync(cancellation);
        var deadline = Deadline();
        var sightings = 0;
        Intent? intent = null;
        var trouble = "";
        while (true)
        {
            try
            {
                intent = await journal.FindAsync(options.ChainId, options.From, step.Key, cancellation) ?? intent;
                var head = await chain.HeadAsync(cancellation);
                if (Depth(head) is >= 0 and var depth && await IsDoneAsync(step, intent, depth, cancellation))
                {
                    var ours = await OursAsync(intent, cancellation);
                    if (intent is not null)
                    {
                        await journal.CloseAsync(intent, Intent.Final, cancellation);
                    }

                    return ours;
                }

                if (!await IsDoneAsync(step, intent, head, cancellation))
                {
                    intent ??= await IntendAsync(step, cancellation);
                    var next = await chain.NonceAsync(options.From, "latest", cancellation);
                    if (next <= intent.Row.Nonce)
                    {
                        sightings = 0;
                        await OfferEarlierAsync(next, intent.Row.Nonce, cancellation);
                        await OfferAsync(intent, cancellation);
                    }
                    else if (await OursAsync(intent, cancellation) is { Receipt: { } receipt } ours)
                    {
                        await ThrowIfRevertedAsync(intent, receipt, cancellation);
                    }
                    else if (++sightings >= SightingsOfReplacement)
                    {
                        // Another transaction took the nonce, and the state does not show the step: it is intended anew.
                        await journal.CloseAsync(intent, Intent.Replaced, cancellation);
                        (intent, sightings) = (null, 0);
                    }
                }
                else if (!final)
                {
                    return await OursAsync(intent, cancellation);
                }

                trouble = "";
            }
            catch (RevertedException)
            {
                // Another process may have brought it about first; then ours was refused as the second.
                if (step.Done is null || !await IsDoneNowAsync(step, cancellation))
                {
                    throw;
                }
            }
            catch (UnreachableException error)
            {
                // Whether anything took effect is unknown; the next look at the state will tell.
                trouble = $" The last trouble: {error.Message}.";
            }

            await PauseAsync(step.Key, deadline, trouble, cancellation);
        }
    }

    private long Deadline() => Environment.TickCount64 + (long)options.Patience.TotalMilliseconds;

    /// <summary>The newest block that is final; negative where there is none yet.</summary>
    private long Depth(long head) => head - Math.Max(1, options.Confirmations) + 1;

    /// <exception cref="PendingException">Time ran out.</exception>
    private async Task PauseAsync(string key, long deadline, string trouble, CancellationToken cancellation)
    {
        if (Environment.TickCount64 > deadline)
        {
            throw new PendingException(string.Create(
                CultureInfo.InvariantCulture, $"'{key}' is not final after {options.Patience.TotalSeconds:0} s.{trouble} Nothing is lost: run the same command again to go on."));
        }

        await Task.Delay(options.Poll, cancellation);
    }

    /// <summary>
    /// Whether nothing that was intended under a prefix is still on its way; what is, is offered. Work that is planned while earlier work is
    /// not mined would be done twice, and the second be refused.
    /// </summary>
    private async Task<bool> IsDrainedAsync(string prefix, CancellationToken cancellation)
    {
        var next = await chain.NonceAsync(options.From, "latest", cancellation);
        var last = (await journal.LiveAsync(options.ChainId, options.From, cancellation))
            .Where(intent => intent.Row.Nonce >= next && intent.Row.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(intent => intent.Row.Nonce).LastOrDefault(-1);
        if (last >= 0)
        {
            await OfferEarlierAsync(next, last + 1, cancellation);
        }

        return last < 0;
    }

    /// <summary>Closes what a block shows to be over: whatever took these nonces stands for good.</summary>
    private async Task CloseSpentAsync(long depth, CancellationToken cancellation)
    {
        var spent = await chain.NonceAsync(options.From, Hex.Quantity(depth), cancellation);
        foreach (var intent in (await journal.LiveAsync(options.ChainId, options.From, cancellation)).Where(intent => intent.Row.Nonce < spent))
        {
            await journal.CloseAsync(intent, Intent.Final, cancellation);
        }
    }

    /// <summary>
    /// Sends again what an earlier process intended and may not have sent, lowest nonce first: a gap would hold up everything after it.
    /// </summary>
    private async Task RecoverAsync(CancellationToken cancellation)
    {
        await recovering.WaitAsync(cancellation);
        try
        {
            if (recovered)
            {
                return;
            }

            if (Depth(await chain.HeadAsync(cancellation)) is >= 0 and var depth)
            {
                await CloseSpentAsync(depth, cancellation);
            }

            await OfferEarlierAsync(await chain.NonceAsync(options.From, "latest", cancellation), long.MaxValue, cancellation);

            recovered = true;
        }
        catch (UnreachableException)
        {
            // The next step tries again.
        }
        finally
        {
            recovering.Release();
        }
    }

    /// <summary>Sends again what stands before a nonce: a reorganisation may have undone it, and a gap would hold up everything after.</summary>
    private async Task OfferEarlierAsync(long from, long before, CancellationToken cancellation)
    {
        if (from == before)
        {
            return;
        }

        foreach (var earlier in await journal.LiveAsync(options.ChainId, options.From, cancellation))
        {
            if (earlier.Row.Nonce >= from && earlier.Row.Nonce < before)
            {
                await OfferAsync(earlier, cancellation);
            }
        }
    }

    private async Task<bool> IsDoneNowAsync(Step step, CancellationToken cancellation)
    {
        try
        {
            return await step.Done!(await chain.HeadAsync(cancellation), cancellation);
        }
        catch (UnreachableException)
        {
            return false;
        }
    }

    private async Task<bool> IsDoneAsync(Step step, Intent? intent, long block, CancellationToken cancellation) => step.Done is { } done
        ? await done(block, cancellation)
        : await OursAsync(intent, cancellation) is { Receipt: { Succeeded: true } receipt } && receipt.Block <= block;

    private async Task<(string? Hash, TransactionReceipt? Receipt)> OursAsync(Intent? intent, CancellationToken cancellation)
    {
        foreach (var attempt in intent?.Attempts ?? [])
        {
            if (attempt.Hash is { } hash && await chain.ReceiptAsync(hash, cancellation) is { } receipt)
            {
                return (hash, receipt);
            }
        }

        return (null, null);
    }

    private async Task<Intent> IntendAsync(Step step, CancellationToken cancellation)
    {
        // Asking first costs nothing and says why the contract would refuse.
        var call = new Transaction(options.From, step.To, Hex.Of(step.Data), step.Value);
        long gas;
        try
        {
            gas = await chain.EstimateAsync(call, cancellation);
        }
        catch (RpcException error) when (error.Revert is not null || error.NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase))
        {
            throw abi.Error(error.Revert, error.NodeMessage);
        }

        var next = await chain.NonceAsync(options.From, "pending", cancellation);
        return await journal.IntendAsync(
            new()
            {
                Chain = options.ChainId,
                Sender = options.From,
                Key = step.Key,
                Recipient = step.To,
                Data = Hex.Of(step.Data),
                Value = step.Value.ToString(CultureInfo.InvariantCulture),
                // State may change until it is mined: a slot written first costs more than one written again.
                Gas = gas + (gas / 4) + 30_000,
                MadeAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            },
            next,
            cancellation);
    }

    /// <summary>Sends the intent, again when it has waited long, at a higher fee then. That it is known already is as good.</summary>
    private async Task OfferAsync(Intent intent, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        if (intent.Attempts is [.., var last])
        {
            var waited = TimeSpan.FromMilliseconds(now - last.MadeAt);
            if (waited < options.RaiseAfter)
            {
                await SendAgainAsync(intent, last, cancellation);
                return;
            }
        }

        var (maxFee, priorityFee) = await FeesAsync(intent, cancellation);
        if (intent.Attempts is [.., var same] && Parse(same.MaxFee) >= maxFee)
        {
            // The cap is reached: nothing higher may be offered.
            await SendAgainAsync(intent, same, cancellation, evenIfTaken: true);
            return;
        }

        var transaction = Of(intent, maxFee, priorityFee);
        if (signer is null)
        {
            var attempt = await journal.AttemptAsync(intent, maxFee, priorityFee, null, null, cancellation);
            intent.Attempts.Add(attempt);
            await SendAgainAsync(intent, attempt, cancellation);
        }
        else
        {
            var raw = await SignAsync(transaction, cancellation);
            var attempt = await journal.AttemptAsync(intent, maxFee, priorityFee, Hex.Of(Keccak.Hash(raw)), Hex.Of(raw), cancellation);
            intent.Attempts.Add(attempt);
            await SendAgainAsync(intent, attempt, cancellation);
        }
    }

    private async Task SendAgainAsync(Intent intent, AttemptRow attempt, CancellationToken cancellation, bool evenIfTaken = false)
    {
        try
        {
            if (attempt.Raw is { } raw)
            {
                await node.SendAsync("eth_sendRawTransaction", cancellation, raw);
            }
            else if (attempt.Hash is null || evenIfTaken)
            {
                var hash = await node.SendAsync("eth_sendTransaction", cancellation, Of(intent, Parse(attempt.MaxFee), Parse(attempt.PriorityFee)).Members());
                await journal.NoteHashAsync(attempt, Hex.Of(JsonRpc.Bytes(hash, "transaction hash", 32)), cancellation);
            }
        }
        catch (RpcException error) when (IsKnown(error))
        {
            // It waits there or is mined already: the state will show it.
        }
    }

    private async Task<byte[]> SignAsync(Transaction transaction, CancellationToken cancellation)
    {
        var signed = await signer!.SendAsync("eth_signTransaction", cancellation, transaction.Members());
        var raw = JsonRpc.Bytes(signed.ValueKind == JsonValueKind.Object ? JsonRpc.Member(signed, "raw") : signed, "signed transaction");
        var differences = string.Join(", ", Rlp.Differences(raw, transaction));
        return differences.Length == 0
            ? raw
            : throw new EthereumException($"the signer signed something else than it was asked to: {differences}. It was not sent");
    }

    private async Task<(BigInteger MaxFee, BigInteger PriorityFee)> FeesAsync(Intent intent, CancellationToken cancellation)
    {
        var baseFee = await chain.BaseFeeAsync(cancellation);
        var priority = options.PriorityFeePerGas;
        var most = (2 * baseFee) + priority;
        if (intent.Attempts is [.., var last])
        {
            // Nodes take a replacement only when both fees are an eighth higher at least.
            priority = BigInteger.Max(priority, (Parse(last.PriorityFee) * 9 / 8) + 1);
            most = BigInteger.Max(most, (Parse(last.MaxFee) * 9 / 8) + 1);
        }

        if (most > options.MaxFeePerGas && intent.Attempts is [.., var standing])
        {
            return (Parse(standing.MaxFee), Parse(standing.PriorityFee));
        }

        most = BigInteger.Min(most, options.MaxFeePerGas);
        return (most, BigInteger.Min(priority, most));
    }

    private async Task ThrowIfRevertedAsync(Intent intent, TransactionReceipt receipt, CancellationToken cancellation)
    {
        if (receipt.Succeeded)
        {
            return;
        }

        await journal.CloseAsync(intent, Intent.Reverted, cancellation);
        byte[]? data = null;
        try
        {
            await chain.CallAsync(Of(intent, null, null) with { Nonce = null, ChainId = null }, receipt.Block, cancellation);
        }
        catch (RpcException error)
        {
            data = error.Revert;
        }

        throw abi.Error(data, "no reason given");
    }

    private Transaction Of(Intent intent, BigInteger? maxFee, BigInteger? priorityFee) => new(options.From, intent.Row.Recipient, intent.Row.Data, Parse(intent.Row.Value))
    {
        Nonce = intent.Row.Nonce,
        Gas = intent.Row.Gas,
        ChainId = options.ChainId,
        MaxFee = maxFee,
        PriorityFee = priorityFee,
    };

    private static BigInteger Parse(string number) => BigInteger.Parse(number, CultureInfo.InvariantCulture);

    private static bool IsKnown(RpcException error)
    {
        string[] known = ["already known", "already imported", "already in", "known transaction", "nonce too low", "nonce is too low", "replacement transaction underpriced", "replacement fee too low"];
        return known.Any(words => error.NodeMessage.Contains(words, StringComparison.OrdinalIgnoreCase));
    }
}
