using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using Menuet.Cli.Rendering;
using Menuet.Mechanisms.RewardContract;
using Menuet.Settlement;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet settle ANSWER --ids FILE --ledger … --posting ID</c>: pays the rewards of an answer, once.</summary>
internal static class SettleCommand
{
    private const int Shown = 50;

    internal static Command Create(Terminal terminal)
    {
        var answer = new Argument<string>("answer") { HelpName = "answer", Description = "A reward-contract's answer, as 'menuet solve --format json' writes it; '-' reads standard input" };
        var ids = new Option<string>("--ids") { Description = "Who is paid: CSV, a JSON array or JSON lines with id, type and/or quality, and address for Ethereum", Required = true };
        var scores = new Option<string?>("--scores") { Description = "A judge's scores, as 'menuet judge --out' writes them: ids then has a column content in place of quality" };
        var posting = new Option<string>("--posting") { Description = "The posting's id: the same id is paid once, however often the command is run", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Shows what would be posted, and opens no ledger" };
        var distribution = new Option<string>("--distribution") { Description = "Ethereum: credit each payee on chain, or merkle: one root, payees claim with proofs", DefaultValueFactory = _ => "credit" };
        distribution.AcceptOnlyFromAmong("credit", "merkle");
        var proofs = new Option<string?>("--proofs") { Description = "Ethereum, merkle: the file for the payees' proofs" };
        var batch = new Option<int>("--batch") { Description = "Ethereum: the most payees of one transaction", DefaultValueFactory = _ => 200 };
        LedgerOptions.Within(batch, 1, 1000);
        var ledger = new LedgerOptions();
        var format = SharedOptions.FormatOption("text", "json");
        var command = new Command("settle", "Pays the rewards of a reward contract's answer into a ledger, each posting once.") { answer, ids, scores, posting, dryRun };
        ledger.AddTo(command);
        command.Options.Add(distribution);
        command.Options.Add(proofs);
        command.Options.Add(batch);
        command.Options.Add(format);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var paid = RewardContractMechanism.Door.ReadAnswer(MarketSource.Read(parsed.GetRequiredValue(answer), terminal));
                var named = await File.ReadAllBytesAsync(parsed.GetRequiredValue(ids), cancellation);
                var judged = parsed.GetValue(scores) is { } file ? await File.ReadAllBytesAsync(file, cancellation) : null;
                var recipients = judged is null ? Recipient.Read(named) : Recipient.Read(named, judged);
                var id = parsed.GetRequiredValue(posting);
                var isMerkle = parsed.GetRequiredValue(distribution) == "merkle";
                if (isMerkle && !ledger.IsEthereum(parsed))
                {
                    throw new InvalidRequestException([new("--distribution", "merkle is for Ethereum; other ledgers credit each id", "merkle")]);
                }

                if (!isMerkle && parsed.GetValue(proofs) is not null)
                {
                    throw new InvalidRequestException([new("--proofs", "there are none without --distribution merkle; leave it out, or add that")]);
                }

                if (isMerkle && parsed.GetValue(proofs) is null && !parsed.GetValue(dryRun))
                {
                    throw new InvalidRequestException([new("--proofs", "is needed with --distribution merkle: nobody can claim without its proof")]);
                }

                if (parsed.GetValue(dryRun))
                {
                    var dry = RewardRound.Of(paid, recipients, id, ledger.Decimals(parsed) ?? SettlementDefaults.Decimals);
                    Write(terminal, parsed.GetValue(format)!, dry, null, ledger.Decimals(parsed) ?? SettlementDefaults.Decimals);
                    return 0;
                }

                // Made once with the scale that is asked for, so that bad input is refused before a ledger is made.
                _ = RewardRound.Of(paid, recipients, id, ledger.Decimals(parsed) ?? SettlementDefaults.Decimals);
                await using var book = await ledger.OpenAsync(
                    parsed, mustExist: false, recipients, isMerkle ? Distribution.Merkle : Distribution.Credit, parsed.GetValue(batch), cancellation);
                var round = RewardRound.Of(paid, recipients, id, book.Decimals);
                var receipt = round.Posting is null ? null : (await book.PostAsync([round.Posting], cancellation))[0];
                if (isMerkle && book is EthereumLedger chain && round.Posting is not null)
                {
                    OutputFile.Write(parsed.GetValue(proofs)!, Proofs(round.Posting, await chain.ProofsAsync(round.Posting, cancellation)));
                }

                Write(terminal, parsed.GetValue(format)!, round, receipt, book.Decimals);
                return 0;
            }
            catch (InvalidRequestException error) when (parsed.GetValue(format) == "json")
            {
                ProblemText.WriteJson(terminal.Output, error, single: true);
                return ExitCode.InvalidInput;
            }
            catch (PendingException error)
            {
                terminal.Error.WriteLine($"menuet: {error.Message}");
                return ExitCode.NoOutcome;
            }
        });
        return command;
    }

    private static void Write(Terminal terminal, string format, RewardRound round, Receipt? receipt, int decimals)
    {
        if (format == "json")
        {
            JsonText.Write(terminal.Output, single: true, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("kind", "settlement");
                writer.WriteString("status", Status(round, receipt));
                writer.WriteString("posting", round.Posting?.Id);
                writer.WriteString("digest", round.Posting?.Digest());
                writer.WriteString("proof", receipt?.Proof);
                writer.WriteString("menu", round.Menu.Hash);
                writer.WriteNumber("decimals", decimals);
                writer.WriteString("totalUnits", Total(round).ToString(CultureInfo.InvariantCulture));
                writer.WriteStartArray("entries");
                foreach (var entry in round.Posting?.Entries ?? [])
                {
                    writer.WriteStartObject();
                    writer.WriteString("account", entry.Account);
                    writer.WriteString("units", entry.Units.ToString(CultureInfo.InvariantCulture));
                    if (entry.Judgement is { } judged)
                    {
                        writer.WriteNumber("item", judged.Item + 1);
                        writer.WriteString("quality", Units.Show(judged.Evaluation, PostedMenu.QualityDecimals));
                    }

                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteStartArray("unpaid");
                foreach (var id in round.Unpaid)
                {
                    writer.WriteStringValue(id);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            return;
        }

        var credits = (round.Posting?.Entries ?? []).Where(entry => entry.Units > 0).ToArray();
        if (credits.Length > 0)
        {
            TableText.WriteText(terminal, terminal.Output, new(
                $"Posting {round.Posting!.Id}",
                [new("id"), new("item"), new("judged quality", "points"), new("reward", "money")],
                [.. credits.Take(Shown).Select(entry => (ImmutableArray<object?>)[
                    entry.Account, entry.Judgement!.Value.Item + 1, Units.Show(entry.Judgement.Value.Evaluation, PostedMenu.QualityDecimals), Units.Show(entry.Units, decimals)])]));
        }

        if (credits.Length > Shown)
        {
            terminal.Output.WriteLine($"… and {credits.Length - Shown} more; --format json lists them all");
        }

        if (!round.Unpaid.IsEmpty)
        {
            terminal.Output.WriteLine($"Without reward: {string.Join(", ", round.Unpaid.Take(Shown))}{(round.Unpaid.Length > Shown ? ", …" : "")}");
        }

        terminal.Output.WriteLine($"Total  {Units.Show(Total(round), decimals)} money to {credits.Length}");
        terminal.Output.WriteLine($"Menu   {round.Menu.Hash}");
        terminal.Output.WriteLine(Status(round, receipt) switch
        {
            "posted" => $"Posted {receipt!.Proof}",
            "alreadyPosted" => $"Posted {receipt!.Proof} before, with the same content; nothing was done",
            "nothingToPay" => "Nobody earned a reward; nothing was posted",
            _ => "A dry run; nothing was posted",
        });
    }

    private static string Status(RewardRound round, Receipt? receipt) => round.Posting is null
        ? "nothingToPay"
        : receipt is null ? "dryRun" : receipt.WasThere ? "alreadyPosted" : "posted";

    private static Int128 Total(RewardRound round) => (round.Posting?.Entries ?? []).Where(entry => entry.Units > 0).Aggregate(Int128.Zero, (sum, entry) => sum + entry.Units);

    private static string Proofs(Posting posting, ImmutableArray<MerkleProof> proofs)
    {
        var text = new StringBuilder();
        foreach (var proof in proofs)
        {
            using var line = new StringWriter();
            JsonText.Write(line, single: false, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("posting", posting.Id);
                writer.WriteString("id", proof.Account);
                writer.WriteString("address", proof.Address);
                writer.WriteNumber("item", proof.Item);
                writer.WriteNumber("evaluation", proof.Evaluation);
                writer.WriteString("units", proof.Units.ToString(CultureInfo.InvariantCulture));
                writer.WriteStartArray("proof");
                foreach (var sibling in proof.Siblings)
                {
                    writer.WriteStringValue(sibling);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            text.Append(line);
        }

        return text.ToString();
    }
}
