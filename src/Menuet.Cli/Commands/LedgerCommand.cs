using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Menuet.Cli.Rendering;
using Menuet.Figures;
using Menuet.Mechanisms.RewardContract;
using Menuet.Settlement;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet ledger …</c>: reads any ledger, and runs the reward distributor on Ethereum.</summary>
internal static class LedgerCommand
{
    private const int Failed = 4;

    internal static Command Create(Terminal terminal) => new("ledger", "Reads and checks a ledger; deploys and runs the contract on Ethereum.")
    {
        Balance(terminal), History(terminal), Verify(terminal), Deploy(terminal), Deposit(terminal), Commit(terminal), Cancel(terminal), Withdraw(terminal), Claim(terminal),
    };

    private static Command Balance(Terminal terminal)
    {
        var account = Account();
        return OnBook(terminal, "balance", "What an account owns, or every account.", [account], async (parsed, book, format, cancellation) =>
        {
            var balances = parsed.GetValue(account) is { } name
                ? [new AccountBalance(name, await book.BalanceAsync(name, cancellation))]
                : await book.BalancesAsync(cancellation).ToListAsync(cancellation);
            Print(terminal, format, new(
                "Balances", [new("account"), new("balance", "money"), new("units")],
                [.. balances.Select(row => (ImmutableArray<object?>)[row.Account, Units.Show(row.Units, book.Decimals), row.Units.ToString(CultureInfo.InvariantCulture)])]));
            return 0;
        });
    }

    private static Command History(Terminal terminal)
    {
        var account = Account();
        return OnBook(terminal, "history", "Every entry in the order of posting, of an account or of all.", [account], async (parsed, book, format, cancellation) =>
        {
            var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
            await foreach (var entry in book.HistoryAsync(parsed.GetValue(account), cancellation))
            {
                rows.Add([
                    entry.PostingId, entry.At.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), entry.Entry.Account, Units.Show(entry.Entry.Units, book.Decimals),
                    entry.Entry.Judgement?.Item + 1, entry.Entry.Judgement is { } judged ? Units.Show(judged.Evaluation, PostedMenu.QualityDecimals) : null]);
            }

            Print(terminal, format, new("History", [new("posting"), new("at"), new("account"), new("amount", "money"), new("item"), new("judged quality", "points")], rows.ToImmutable()));
            return 0;
        });
    }

    private static Command Verify(Terminal terminal) =>
        OnBook(terminal, "verify", "Adds every entry up again, and compares balances, digests and menus.", [], async (_, book, format, cancellation) =>
        {
            var found = await book.VerifyAsync(cancellation);
            if (format == "json")
            {
                JsonText.Write(terminal.Output, single: true, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("kind", "ledger-verification");
                    writer.WriteBoolean("holds", found.Holds);
                    writer.WriteNumber("postings", found.Postings);
                    writer.WriteNumber("entries", found.Entries);
                    writer.WriteNumber("accounts", found.Accounts);
                    writer.WriteStartArray("faults");
                    foreach (var fault in found.Faults)
                    {
                        writer.WriteStringValue(fault);
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                });
            }
            else
            {
                terminal.Output.WriteLine($"{found.Postings} postings, {found.Entries} entries, {found.Accounts} accounts: {(found.Holds ? "everything adds up" : $"{found.Faults.Length} faults")}");
                foreach (var fault in found.Faults)
                {
                    terminal.Output.WriteLine($"  {fault}");
                }
            }

            return found.Holds ? 0 : Failed;
        });

    private static Command Deploy(Terminal terminal) => OnChain(
        terminal, "deploy", "Ethereum: puts a new reward distributor on the chain, owned by --from.", [], needsContract: false, async (_, contract, cancellation) =>
            $"Deployed {await contract.DeployAsync(cancellation)}");

    private static Command Deposit(Terminal terminal)
    {
        var money = new Argument<string>("money") { HelpName = "money", Description = "How much, in money: 10^decimals wei each" };
        return OnChain(terminal, "deposit", "Ethereum: sends money to the contract, to cover rounds.", [money], needsContract: true, async (parsed, contract, cancellation) =>
        {
            var text = parsed.GetRequiredValue(money);
            try
            {
                var units = Units.Of(text, contract.Decimals);
                return units > 0
                    ? $"Deposited {Units.Show(units, contract.Decimals)} money by {await contract.DepositAsync(units, cancellation)}"
                    : throw new FormatException();
            }
            catch (Exception error) when (error is FormatException or OverflowException)
            {
                throw new InvalidRequestException([new("money", "must be a positive decimal number", $"\"{text}\"")]);
            }
        });
    }

    private static Command Commit(Terminal terminal)
    {
        var answer = new Argument<string>("answer") { HelpName = "answer", Description = "The reward contract's answer whose menu is posted" };
        return OnChain(terminal, "commit", "Ethereum: commits to an answer's menu, in public; rounds must follow it.", [answer], needsContract: true, async (parsed, contract, cancellation) =>
        {
            var menu = RewardRound.MenuOf(RewardContractMechanism.Door.ReadAnswer(MarketSource.Read(parsed.GetRequiredValue(answer), terminal)), contract.Decimals);
            await contract.CommitAsync(menu, cancellation);
            return $"Committed {menu.Hash}";
        });
    }

    private static Command Cancel(Terminal terminal)
    {
        var posting = new Argument<string>("posting") { HelpName = "posting", Description = "The posting's id" };
        return OnChain(terminal, "cancel", "Ethereum: undoes a round from which nothing was withdrawn.", [posting], needsContract: true, async (parsed, contract, cancellation) =>
        {
            await contract.CancelAsync(parsed.GetRequiredValue(posting), cancellation);
            return $"Cancelled {parsed.GetRequiredValue(posting)}";
        });
    }

    private static Command Withdraw(Terminal terminal)
    {
        var id = new Argument<string>("id") { HelpName = "id", Description = "The creator's id; --from must be its address" };
        var postings = new Argument<string[]>("postings") { HelpName = "posting", Description = "The postings' ids", Arity = ArgumentArity.OneOrMore };
        return OnChain(terminal, "withdraw", "Ethereum: a creator takes its rewards of one or several postings.", [id, postings], needsContract: true, async (parsed, contract, cancellation) =>
        {
            await contract.WithdrawAsync(parsed.GetRequiredValue(id), [.. parsed.GetRequiredValue(postings)], cancellation);
            return $"Withdrawn by {parsed.GetRequiredValue(id)}: {string.Join(", ", parsed.GetRequiredValue(postings))}";
        });
    }

    private static Command Claim(Terminal terminal)
    {
        var id = new Argument<string>("id") { HelpName = "id", Description = "The creator's id; --from must be its address" };
        var proofs = new Argument<string>("proofs") { HelpName = "proofs", Description = "The file that 'menuet settle --proofs' wrote" };
        return OnChain(terminal, "claim", "Ethereum: a creator takes its reward of every Merkle posting in a file of proofs.", [id, proofs], needsContract: true, async (parsed, contract, cancellation) =>
        {
            var account = parsed.GetRequiredValue(id);
            var own = ReadProofs(parsed.GetRequiredValue(proofs), account);
            foreach (var (posting, proof) in own)
            {
                await contract.ClaimAsync(posting, proof, cancellation);
            }

            return $"Claimed by {account}: {string.Join(", ", own.Select(line => line.Posting))}";
        });
    }

    private static ImmutableArray<(string Posting, MerkleProof Proof)> ReadProofs(string file, string id)
    {
        var own = ImmutableArray.CreateBuilder<(string, MerkleProof)>();
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (line.AsSpan().IsWhiteSpace())
            {
                continue;
            }

            try
            {
                using var document = JsonDocument.Parse(line);
                var root = document.RootElement;
                if (root.GetProperty("id").GetString() == id)
                {
                    own.Add((Text(root, "posting"), new(
                        id, Text(root, "address"), root.GetProperty("item").GetInt32(), root.GetProperty("evaluation").GetInt64(),
                        Int128.Parse(Text(root, "units"), CultureInfo.InvariantCulture), [.. root.GetProperty("proof").EnumerateArray().Select(sibling => sibling.GetString() ?? "")])));
                }
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
            {
                throw new InvalidRequestException([new(string.Create(CultureInfo.InvariantCulture, $"proofs line {number}"), $"is not what 'menuet settle --proofs' wrote: {error.Message}")]);
            }
        }

        return own.Count > 0 ? own.ToImmutable() : throw new InvalidRequestException([new("id", "has no proof in the file", $"\"{id}\"")]);

        static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");
    }

    private static Option<string?> Account() => new("--account") { Description = "One account; default: all" };

    private static Command OnBook(
        Terminal terminal, string name, string description, Option[] own, Func<ParseResult, ILedger, string, CancellationToken, Task<int>> run)
    {
        var ledger = new LedgerOptions();
        var format = SharedOptions.FormatOption(name == "verify" ? ["text", "json"] : ["text", "csv", "markdown"]);
        var command = new Command(name, description);
        foreach (var option in own)
        {
            command.Options.Add(option);
        }

        ledger.AddTo(command);
        command.Options.Add(format);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var book = await ledger.OpenAsync(parsed, mustExist: true, [], Distribution.Credit, 200, cancellation);
            return await run(parsed, book, parsed.GetValue(format)!, cancellation);
        });
        return command;
    }

    private static Command OnChain(
        Terminal terminal, string name, string description, Argument[] own, bool needsContract, Func<ParseResult, Distributor, CancellationToken, Task<string>> run)
    {
        var ledger = new LedgerOptions();
        var command = new Command(name, description);
        foreach (var argument in own)
        {
            command.Arguments.Add(argument);
        }

        ledger.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                await using var contract = await ledger.DistributorAsync(parsed, needsContract, cancellation);
                terminal.Output.WriteLine(await run(parsed, contract, cancellation));
                return 0;
            }
            catch (PendingException error)
            {
                terminal.Error.WriteLine($"menuet: {error.Message}");
                return ExitCode.NoOutcome;
            }
        });
        return command;
    }

    private static void Print(Terminal terminal, string format, Table table)
    {
        switch (format)
        {
            case "csv":
                TableCsv.Write(table, terminal.Output);
                break;
            case "markdown":
                TableText.WriteMarkdown(terminal.Output, table);
                break;
            default:
                TableText.WriteText(terminal, terminal.Output, table);
                break;
        }
    }
}
