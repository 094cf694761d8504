using System.Globalization;
using System.Numerics;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>Whatever happens between us and the node, a posting is paid once or not at all, and never silently.</summary>
[Collection(FaultyNodes.Name)]
public sealed class FaultTests(AnvilServer node) : IDisposable
{
    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [AnvilFact]
    public async Task LostAnswersToEverySend_PayOnce()
    {
        await using var proxy = new FaultyNode(node.Address, (method, _) => method == "eth_sendTransaction" ? new Fault(Answer: "") : null);
        await PostOnceAsync(proxy, "lost");
    }

    [AnvilFact]
    public async Task SendsThatNeverArrive_AreMadeAgain()
    {
        var drops = 3;
        await using var proxy = new FaultyNode(node.Address, (method, _) => method == "eth_sendTransaction" && Interlocked.Decrement(ref drops) >= 0 ? new Fault(Drops: true, Answer: "") : null);
        await PostOnceAsync(proxy, "dropped");
    }

    [AnvilFact]
    public async Task SendsThatArriveAfterTheirTimeout_PayOnce()
    {
        var late = 3;
        await using var proxy = new FaultyNode(node.Address, (method, _) => method == "eth_sendTransaction" && Interlocked.Decrement(ref late) >= 0
            ? new Fault(Before: () => Task.Delay(900))
            : null);
        await PostOnceAsync(proxy, "late", TimeSpan.FromMilliseconds(600));
    }

    [AnvilFact]
    public async Task RandomFaultsOnEveryKindOfRequest_PayOnce()
    {
        var random = new Random(7);
        Fault?[] faults =
        [
            new(Drops: true, Answer: ""), new(Answer: ""), new(Answer: "<html>gateway</html>", Status: 502), new(Answer: "{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":\"0x1\"}"),
            new(Answer: "[]"), new(Answer: "{\"jsonrpc\":\"2.0\"}"), new(Change: answer => answer[..(answer.Length / 2)]),
        ];
        await using var proxy = new FaultyNode(node.Address, (_, _) =>
        {
            lock (random)
            {
                return random.Next(100) < 25 ? faults[random.Next(faults.Length)] : null;
            }
        });
        for (var i = 0; i < 3; i++)
        {
            await PostOnceAsync(proxy, string.Create(CultureInfo.InvariantCulture, $"random-{i}"));
        }
    }

    [AnvilTheory]
    [InlineData("0x")]
    [InlineData("0x00")]
    [InlineData("0xzz")]
    [InlineData("0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public async Task MalformedAbiData_IsSaid_AndNothingIsSent(string result)
    {
        var sent = 0;
        await using var proxy = new FaultyNode(node.Address, (method, _) =>
        {
            sent += method.StartsWith("eth_send", StringComparison.Ordinal) ? 1 : 0;
            return method == "eth_call" ? new Fault(Change: answer => Renumbered(answer, $"\"{result}\"")) : null;
        });
        var options = await bench.DeployedAsync() with { Node = proxy.Address, Patience = TimeSpan.FromSeconds(1) };
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1), default);
        await Assert.ThrowsAnyAsync<EthereumException>(() => ledger.PostAsync([Bench.Posting("malformed", (1, 5))], default));
        Assert.Equal(0, sent);
    }

    /// <summary>Answers that are none, and the words that the first command says.</summary>
    public static TheoryData<string, string, string> Replies() => new()
    {
        { "truncated", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a", "something that is no JSON" },
        { "deep", new string('[', 100_000), "something that is no JSON" },
        { "a list", "[]", "something that is no JSON-RPC" },
        { "a page", "<html>502 Bad Gateway</html>", "something that is no JSON" },
        { "another request's", "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":\"0x7a69\"}", "answered another request" },
        { "no result", "{\"jsonrpc\":\"2.0\",\"id\":1}", "without a result" },
        { "null", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", "no text as chain id" },
        { "no number", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"31337\"}", "no quantity as chain id" },
        { "too large a number", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7fffffffffffffff\"}", "sent 9223372036854775807 as chain id" },
        { "a refusal", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32005,\"message\":\"limit \\u001b[31m exceeded\"}}", "the node refused: limit  [31m exceeded (code -32005)" },
        { "a refusal without reason", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", "no reason given" },
        { "a long refusal", $"{{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{{\"message\":\"{new string('x', 1_000_000)}\"}}}}", "xxx…" },
        { "huge", "HUGE", "more than 64 MiB" },
        { "endless", "ENDLESS", "more than 64 MiB" },
        { "slow", "SLOW", "did not answer eth_chainId within 0.2 s" },
        { "silence", "", "" },
    };

    [AnvilTheory]
    [MemberData(nameof(Replies))]
    public async Task RepliesThatAreNone_AreSaidInWords(string what, string reply, string words)
    {
        await using var proxy = new FaultyNode(node.Address, (_, body) => reply switch
        {
            "HUGE" => new Fault(Drops: true, Serve: async response =>
            {
                response.ContentLength64 = 65L << 20;
                await response.OutputStream.WriteAsync(new byte[1000]);
            }),
            "ENDLESS" => new Fault(Drops: true, Serve: async response =>
            {
                for (var i = 0; i < 1 << 20; i++)
                {
                    await response.OutputStream.WriteAsync(new byte[1 << 20]);
                }
            }),
            "SLOW" => new Fault(Drops: true, Serve: async response =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await response.OutputStream.WriteAsync("{"u8.ToArray());
                    await response.OutputStream.FlushAsync();
                    await Task.Delay(50);
                }
            }),
            _ => new Fault(Drops: true, Answer: reply.Replace("\"id\":1", $"\"id\":{Id(body)}", StringComparison.Ordinal)),
        });
        var options = bench.Options with { Node = proxy.Address, RequestTimeout = what == "slow" ? TimeSpan.FromSeconds(0.2) : TimeSpan.FromSeconds(5), RetryPause = TimeSpan.Zero };
        var error = await Assert.ThrowsAnyAsync<EthereumException>(() => EthereumLedger.OpenAsync(options with { Contract = node.Accounts[1] }, bench.Addresses(), default));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 20, 500);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public async Task KeysInAddresses_AreShownNowhere()
    {
        var options = new EthereumOptions { Node = new($"http://127.0.0.1:{Missing.FreePort()}/v3/secret?key=secret"), ChainId = 1, From = "0x" + new string('1', 40), JournalPath = bench.File("journal.db"), RetryPause = TimeSpan.Zero };
        var unreachable = await Assert.ThrowsAnyAsync<EthereumException>(() => Distributor.OpenAsync(options, default));
        Assert.Contains("cannot be reached", unreachable.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", unreachable.ToString(), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => Distributor.OpenAsync(options with { Node = new("http://me:secret@127.0.0.1") }, default));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [AnvilFact]
    public async Task JunkFromAnyMethod_IsTrouble_AndNeverACrashOrASecondPayment()
    {
        string[] methods =
        [
            "eth_blockNumber", "eth_call", "eth_getTransactionCount", "eth_estimateGas", "eth_getBlockByNumber", "eth_sendTransaction", "eth_getTransactionReceipt", "eth_getLogs",
        ];
        string[] junk =
        [
            "null", "5", "{}", "[null]", "\"0x\"", "\"0x7fffffffffffffff\"", "\"0x" + new string('f', 64) + "\"", "{\"status\":\"0x1\",\"blockNumber\":\"0x-1\"}",
            "[{\"topics\":[\"0x\"],\"data\":\"0x\",\"blockNumber\":\"0x1\",\"transactionHash\":\"0x\"}]", "{\"baseFeePerGas\":\"0x" + new string('f', 64) + "\",\"timestamp\":\"0x" + new string('f', 16) + "\"}",
        ];
        var (method, result) = ("", "");
        await using var proxy = new FaultyNode(node.Address, (asked, _) => asked == Volatile.Read(ref method) ? new Fault(Change: answer => Renumbered(answer, result)) : null);
        var direct = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(direct with { Node = proxy.Address, Patience = TimeSpan.FromMilliseconds(40), RetryPause = TimeSpan.Zero }, bench.Addresses(1, 2), default);
        var postings = methods.SelectMany(_ => junk, (m, j) => (Method: m, Junk: j)).Select((with, i) => (with, Bench.Posting(string.Create(CultureInfo.InvariantCulture, $"junk-{i}"), (1, 5)))).ToArray();
        foreach (var (with, posting) in postings)
        {
            (method, result) = with;
            try
            {
                await ledger.PostAsync([posting], default);
                Assert.True(method is not "eth_call" and not "eth_blockNumber", $"{with} was believed");
            }
            catch (EthereumException)
            {
                // Said in words; the same command, once the node is well, goes on.
            }

            if (method == "eth_getLogs")
            {
                try
                {
                    await ledger.VerifyAsync(default);
                    Assert.Fail($"{with} was believed");
                }
                catch (EthereumException)
                {
                    // The same.
                }
            }
        }

        Volatile.Write(ref method, "");
        await using var well = await EthereumLedger.OpenAsync(direct, bench.Addresses(1, 2), default);
        foreach (var (_, posting) in postings)
        {
            await well.PostAsync([posting], default);
        }

        Assert.Equal(1000 * postings.Length, await well.BalanceAsync("1", default));
        Assert.Equal(postings.Length, (await bench.CountAsync(direct, "Credited")).Count);
        Assert.All(await bench.CountAsync(direct, "Credited"), pair => Assert.Equal(1, pair.Value));
        Assert.True((await well.VerifyAsync(default)).Holds);
    }

    [AnvilFact]
    public async Task BlocksThatTheNodeDoesNotKnow_AreAskedForAgain()
    {
        var options = await bench.DeployedAsync();
        var unknown = 0;
        await using var proxy = new FaultyNode(node.Address, (method, body) => method is "eth_call" or "eth_getTransactionCount" && !body.Contains("\"latest\"]", StringComparison.Ordinal)
            && !body.Contains("\"pending\"]", StringComparison.Ordinal) && ++unknown % 3 == 1
            ? new Fault(Change: answer => Renumbered(answer, "null").Replace("\"result\":null", "\"error\":{\"code\":-32000,\"message\":\"header not found\"}", StringComparison.Ordinal))
            : null);
        await using var ledger = await EthereumLedger.OpenAsync(options with { Node = proxy.Address }, bench.Addresses(1), default);
        await ledger.PostAsync([Bench.Posting("unknown", (1, 5))], default);
        Assert.True(unknown > 3, $"only {unknown} blocks were asked for");
        Assert.Equal(1000, (await bench.RoundAsync(options, "unknown")).Credited);
    }

    [AnvilFact]
    public async Task NodesThatLimitQueries_AreAskedForLess()
    {
        var options = await bench.DeployedAsync();
        var asked = 0;
        await using var proxy = new FaultyNode(node.Address, (method, body) =>
        {
            if (method != "eth_getLogs")
            {
                return null;
            }

            asked++;
            using var request = System.Text.Json.JsonDocument.Parse(body);
            var filter = request.RootElement.GetProperty("params")[0];
            var blocks = Hex.Quantity(filter.GetProperty("toBlock").GetString()!) - Hex.Quantity(filter.GetProperty("fromBlock").GetString()!);
            return blocks < 3 ? null : asked % 2 == 0
                ? new Fault(Drops: true, Serve: response => { response.ContentLength64 = 65L << 20; return response.OutputStream.WriteAsync(new byte[1000]).AsTask(); })
                : new Fault(Change: answer => Renumbered(answer, "null").Replace("\"result\":null", "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}", StringComparison.Ordinal));
        });
        await using var ledger = await EthereumLedger.OpenAsync(options with { Node = proxy.Address }, bench.Addresses(1, 2), default);
        await ledger.PostAsync([Bench.Posting("limited", (1, 5), (2, 9))], default);
        Assert.Equal(1000, await ledger.BalanceAsync("1", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);

        // Where even one block is refused, it is said.
        await using var refusing = new FaultyNode(node.Address, (method, _) => method == "eth_getLogs"
            ? new Fault(Change: answer => Renumbered(answer, "null").Replace("\"result\":null", "\"error\":{\"message\":\"no archive\"}", StringComparison.Ordinal))
            : null);
        await using var blind = await EthereumLedger.OpenAsync(options with { Node = refusing.Address }, bench.Addresses(), default);
        Assert.Contains("no archive", (await Assert.ThrowsAnyAsync<EthereumException>(() => blind.VerifyAsync(default))).Message, StringComparison.Ordinal);
    }

    [AnvilTheory]
    [InlineData("Withdrawn")]
    [InlineData("Credited")]
    [InlineData("RoundOpened")]
    [InlineData("MenuCommitted")]
    [InlineData("Deposited")]
    public async Task EventsThatANodeHides_AreMissedByVerification(string hidden)
    {
        var options = await bench.DeployedAsync();
        await using (var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2), default))
        {
            await ledger.PostAsync([Bench.Posting("hidden", (1, 5), (2, 9))], default);
        }

        await bench.WithdrawAsync(options, 2, "hidden");
        var topic = ContractAbi.RewardDistributor.Topic(hidden);
        await using var proxy = new FaultyNode(node.Address, (method, _) => method == "eth_getLogs"
            ? new Fault(Change: answer =>
            {
                using var logs = System.Text.Json.JsonDocument.Parse(answer);
                return Renumbered(answer, $"[{string.Join(',', logs.RootElement.GetProperty("result").EnumerateArray().Where(log => log.GetProperty("topics")[0].GetString() != topic).Select(log => log.GetRawText()))}]");
            })
            : null);
        await using var misled = await EthereumLedger.OpenAsync(options with { Node = proxy.Address }, bench.Addresses(), default);
        Assert.False((await misled.VerifyAsync(default)).Holds);
    }

    [AnvilFact]
    public async Task AnotherChain_IsRefusedAtTheStart_AndTransactionsNameTheirs()
    {
        await using var proxy = new FaultyNode(node.Address, (method, _) => method == "eth_chainId" ? new Fault(Change: answer => Renumbered(answer, "\"0x1\"")) : null);
        var options = await bench.DeployedAsync();
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => EthereumLedger.OpenAsync(options with { Node = proxy.Address }, bench.Addresses(1), default));
        Assert.Contains("the node is on chain 1", error.Message, StringComparison.Ordinal);

        // A node that turns to another chain afterwards is sent nothing that would be valid there.
        string? body = null;
        await using var watching = new FaultyNode(node.Address, (method, text) =>
        {
            body = method == "eth_sendTransaction" ? text : body;
            return null;
        });
        await using var ledger = await EthereumLedger.OpenAsync(options with { Node = watching.Address }, bench.Addresses(1), default);
        await ledger.PostAsync([Bench.Posting("chained", (1, 5))], default);
        Assert.Contains("\"chainId\":\"0x7a69\"", body, StringComparison.Ordinal);
    }

    [AnvilFact]
    public async Task NonceTakenByAnother_IsReplacedByTheNext()
    {
        var races = 2;
        await using var proxy = new FaultyNode(node.Address, (method, _) =>
            method == "eth_sendTransaction" && Interlocked.Decrement(ref races) >= 0
                ? new Fault(Before: async () => await node.Rpc.SendAsync("eth_sendTransaction", default, new Transaction(node.Accounts[0], node.Accounts[9], "0x", 1).Members()))
                : null);
        await PostOnceAsync(proxy, "raced");
    }

    [AnvilFact]
    public async Task ReplacedTransactions_AreIntendedAnew()
    {
        var options = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2), default);
        await ledger.PostAsync([Bench.Posting("first", (1, 5), (2, 5))], default);
        await node.Rpc.SendAsync("evm_setAutomine", default, false);
        try
        {
            var posting = ledger.PostAsync([Bench.Posting("replaced", (1, 5), (2, 9))], default);
            await Bench.UntilAsync(async () => await bench.PendingAsync(node.Accounts[0]) > 0);

            // Somebody else with the same account takes the place in the queue, at a higher fee.
            var nonce = Hex.Quantity((await node.Rpc.SendAsync("eth_getTransactionCount", default, node.Accounts[0], "latest")).GetString()!);
            await node.Rpc.SendAsync("eth_sendTransaction", default, new Transaction(node.Accounts[0], node.Accounts[9], "0x", 1)
            {
                Nonce = (long)nonce,
                MaxFee = 90_000_000_000,
                PriorityFee = 50_000_000_000,
                Gas = 30_000,
            }.Members());
            await node.MineAsync();
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
            await Bench.UntilAsync(() => Task.FromResult(posting.IsCompleted));
            await posting;
        }
        finally
        {
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
        }

        Assert.Equal(2000, await ledger.BalanceAsync("1", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }

    [AnvilFact]
    public async Task WaitingTransaction_IsOfferedMore_WithinTheCap_AndTimeRunsOutInWords()
    {
        var options = await bench.DeployedAsync() with { RaiseAfter = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(1.5), MaxFeePerGas = 20_000_000_000 };
        var fees = new List<BigInteger>();
        await using var proxy = new FaultyNode(node.Address, (method, body) =>
        {
            if (method == "eth_sendTransaction")
            {
                using var request = System.Text.Json.JsonDocument.Parse(body);
                lock (fees)
                {
                    fees.Add(Hex.Quantity(request.RootElement.GetProperty("params")[0].GetProperty("maxFeePerGas").GetString()!));
                }
            }

            return null;
        });
        await using var ledger = await EthereumLedger.OpenAsync(options with { Node = proxy.Address }, bench.Addresses(1), default);
        await node.Rpc.SendAsync("evm_setAutomine", default, false);
        try
        {
            var error = await Assert.ThrowsAsync<PendingException>(() => ledger.PostAsync([Bench.Posting("slow", (1, 5))], default));
            Assert.Contains("run the same command again", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
            await node.MineAsync();
        }

        Assert.True(fees.Distinct().Count() >= 3, string.Join(", ", fees));
        Assert.All(fees, fee => Assert.True(fee <= 20_000_000_000));
        await ledger.PostAsync([Bench.Posting("slow", (1, 5))], default);
        Assert.Equal(1000, await ledger.BalanceAsync("1", default));
    }

    [AnvilFact]
    public async Task TransactionThatRevertsWhenMined_SaysWhy()
    {
        var options = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1), default);
        await ledger.PostAsync([Bench.Posting("before", (1, 5))], default);
        await node.Rpc.SendAsync("evm_setAutomine", default, false);
        try
        {
            // Before ours in the same block, the owner pauses the contract.
            await node.Rpc.SendAsync("eth_sendTransaction", default, new Transaction(
                node.Accounts[0], options.Contract, Hex.Of(ContractAbi.RewardDistributor.Call("setPaused", true)), 0)
            {
                Gas = 100_000,
            }.Members());
            var posting = ledger.PostAsync([Bench.Posting("paused", (1, 5))], default);
            await Bench.UntilAsync(async () => await bench.PendingAsync(node.Accounts[0]) > 1);
            await node.MineAsync();
            Assert.Equal("IsPaused", (await Assert.ThrowsAsync<RevertedException>(() => posting)).Error);
        }
        finally
        {
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
        }
    }

    /// <summary>Posts through the proxy, and counts by the events, without it.</summary>
    private async Task PostOnceAsync(FaultyNode proxy, string id, TimeSpan? timeout = null)
    {
        var direct = await bench.DeployedAsync();
        var options = direct with { Node = proxy.Address, RequestTimeout = timeout ?? TimeSpan.FromSeconds(2) };
        EthereumLedger? ledger = null;
        for (var tries = 20; ledger is null; tries--)
        {
            try
            {
                ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2, 3), default);
            }
            catch (EthereumException) when (tries > 0)
            {
                // A command run again.
            }
        }

        await using (ledger)
        {
            for (var tries = 20; ; tries--)
            {
                try
                {
                    await ledger.PostAsync([Bench.Posting(id, (1, 5), (2, 7), (3, 9))], default);
                    break;
                }
                catch (EthereumException) when (tries > 0)
                {
                    // A command run again.
                }
            }
        }

        await using var witness = await EthereumLedger.OpenAsync(direct, bench.Addresses(), default);
        Assert.Equal(1500, await witness.BalanceAsync("2", default));
        Assert.Equal(Bench.Deposit - 5200, await witness.BalanceAsync(Entry.Platform, default));
        Assert.All(await bench.CountAsync(direct, "Credited"), pair => Assert.Equal(1, pair.Value));
        Assert.True((await witness.VerifyAsync(default)).Holds);
    }

    private static string Renumbered(string answer, string result) => $$"""{"jsonrpc":"2.0","id":{{Id(answer)}},"result":{{result}}}""";

    private static string Id(string message)
    {
        using var document = System.Text.Json.JsonDocument.Parse(message);
        return document.RootElement.GetProperty("id").GetRawText();
    }
}
