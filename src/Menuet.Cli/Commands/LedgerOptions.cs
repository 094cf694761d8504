using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Menuet.Settlement;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;

namespace Menuet.Cli.Commands;

/// <summary>Which ledger, and how to reach it.</summary>
internal sealed class LedgerOptions
{
    private const string SqlitePrefix = "sqlite:";
    private const string PostgresPrefix = "postgres:";
    private const string EthereumPrefix = "ethereum:";
    private const decimal WeiPerGwei = 1_000_000_000;

    private readonly Option<string> ledger = new("--ledger")
    {
        Description = "sqlite:PATH, postgres:CONNECTION (Npgsql's connection string) or ethereum:URL (a node's JSON-RPC address)",
        Required = true,
        HelpName = "ledger",
    };

    private readonly Option<int?> decimals = new("--decimals") { Description = "One unit is 10^-decimals money (0 to 18); default: as the ledger has it, 6 for a new one, 18 on Ethereum, whose unit is the wei" };
    private readonly Option<string?> contract = new("--contract") { Description = "Ethereum: the reward distributor's address" };
    private readonly Option<string?> from = new("--from") { Description = "Ethereum: the account that sends" };
    private readonly Option<long?> chain = new("--chain") { Description = "Ethereum: the number of the chain that is meant; the node must be on it" };
    private readonly Option<string?> signer = new("--signer") { Description = "Ethereum: address of an external signer (eth_signTransaction); default: the node signs" };
    private readonly Option<string> journal = new("--journal") { Description = "Ethereum: the file of what was intended; keep it", DefaultValueFactory = _ => "menuet-journal.db" };
    private readonly Option<int> confirmations = new("--confirmations") { Description = "Ethereum: blocks until a change counts as final", DefaultValueFactory = _ => 12 };
    private readonly Option<decimal> maxFee = new("--max-fee") { Description = "Ethereum: the most to pay for a unit of gas, gwei", DefaultValueFactory = _ => 100 };
    private readonly Option<decimal> priorityFee = new("--priority-fee") { Description = "Ethereum: what to offer above the base fee, gwei", DefaultValueFactory = _ => 1 };
    private readonly Option<long> firstBlock = new("--first-block") { Description = "Ethereum: the block to read events from, the contract's first or any before", DefaultValueFactory = _ => 0 };
    private readonly Option<double> patience = new("--wait") { Description = "Ethereum: seconds to wait for one posting to be final", DefaultValueFactory = _ => 600 };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { ledger, decimals, contract, from, chain, signer, journal, confirmations, maxFee, priorityFee, firstBlock, patience })
        {
            command.Options.Add(option);
        }

        Within(confirmations, 1, 100);
        Within(maxFee, 0.000000001m, 1_000_000);
        Within(priorityFee, 0, 1_000_000);
        Within(patience, 1, 1e6);
        ledger.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Prefix(token.Value) is null)
            {
                result.AddError($"--ledger must be sqlite:PATH, postgres:CONNECTION or ethereum:URL, not '{token.Value.Split(':')[0]}:…'");
            }
        });
    }

    internal bool IsEthereum(ParseResult parsed) => Prefix(parsed.GetRequiredValue(ledger)) == EthereumPrefix;

    /// <summary>The scale that a posting is made in before its ledger is opened.</summary>
    internal int? Decimals(ParseResult parsed) => parsed.GetValue(decimals) ?? (IsEthereum(parsed) ? 18 : null);

    /// <param name="parsed">The command line.</param>
    /// <param name="mustExist">True: a file that is not there is a problem; false: it is made.</param>
    /// <param name="recipients">Where Ethereum pays whom.</param>
    /// <param name="distribution">How Ethereum pays.</param>
    /// <param name="batch">How many in one transaction.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal async Task<ILedger> OpenAsync(
        ParseResult parsed, bool mustExist, IEnumerable<Recipient> recipients, Distribution distribution, int batch, CancellationToken cancellation)
    {
        var place = parsed.GetRequiredValue(ledger);
        switch (Prefix(place))
        {
            case SqlitePrefix:
                var path = place[SqlitePrefix.Length..];
                return mustExist && !File.Exists(path)
                    ? throw new InvalidRequestException([new("--ledger", "there is no such ledger; 'menuet settle' makes one", $"\"{path}\"")])
                    : await SqliteLedger.OpenAsync(path, parsed.GetValue(decimals), cancellation);
            case PostgresPrefix:
                return await PostgresLedger.OpenAsync(place[PostgresPrefix.Length..], parsed.GetValue(decimals), cancellation);
            default:
                var addresses = recipients.Where(recipient => recipient.Address is not null).ToDictionary(recipient => recipient.Id, recipient => recipient.Address!, StringComparer.Ordinal);
                return await EthereumLedger.OpenAsync(Ethereum(parsed) with { Distribution = distribution, BatchSize = batch }, addresses, cancellation);
        }
    }

    internal async Task<Distributor> DistributorAsync(ParseResult parsed, bool needsContract, CancellationToken cancellation)
    {
        if (!IsEthereum(parsed))
        {
            throw new InvalidRequestException([new("--ledger", "must be ethereum:URL for this command")]);
        }

        var options = Ethereum(parsed);
        return needsContract && options.Contract is null
            ? throw new InvalidRequestException([new("--contract", "is needed: the address that 'menuet ledger deploy' printed")])
            : await Distributor.OpenAsync(options, cancellation);
    }

    private EthereumOptions Ethereum(ParseResult parsed)
    {
        var url = parsed.GetRequiredValue(ledger)[EthereumPrefix.Length..];
        var problems = new List<Problem>();
        if (!Uri.TryCreate(url, UriKind.Absolute, out var node))
        {
            problems.Add(new("--ledger", "after ethereum: must stand the node's address, such as http://127.0.0.1:8545", $"\"{url}\""));
        }

        Uri? signs = null;
        if (parsed.GetValue(signer) is { } text && !Uri.TryCreate(text, UriKind.Absolute, out signs))
        {
            problems.Add(new("--signer", "must be an address such as http://127.0.0.1:9000", $"\"{text}\""));
        }

        if (parsed.GetValue(from) is not { } account)
        {
            problems.Add(new("--from", "is needed: the account that sends, or for reading any"));
            account = "";
        }

        if (parsed.GetValue(chain) is not { } number)
        {
            problems.Add(new("--chain", "is needed: 1 is Ethereum's main chain, 11155111 Sepolia, 31337 a local one"));
            number = 0;
        }

        return problems.Count > 0
            ? throw new InvalidRequestException([.. problems])
            : new()
            {
                Node = node!,
                Signer = signs,
                ChainId = number,
                From = account,
                Contract = parsed.GetValue(contract),
                JournalPath = parsed.GetRequiredValue(journal),
                Confirmations = parsed.GetValue(confirmations),
                MaxFeePerGas = new BigInteger(parsed.GetValue(maxFee) * WeiPerGwei),
                PriorityFeePerGas = new BigInteger(parsed.GetValue(priorityFee) * WeiPerGwei),
                Decimals = Decimals(parsed)!.Value,
                FirstBlock = parsed.GetValue(firstBlock),
                Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)),
                Poll = TimeSpan.FromMilliseconds(250),
            };
    }

    private static string? Prefix(string place) =>
        new[] { SqlitePrefix, PostgresPrefix, EthereumPrefix }.FirstOrDefault(prefix => place.StartsWith(prefix, StringComparison.Ordinal) && place.Length > prefix.Length);

    internal static void Within<T>(Option<T> option, T min, T max)
        where T : INumber<T> => option.Validators.Add(result =>
        {
            if (result is OptionResult { Tokens: [var token] } && T.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !(value >= min && value <= max))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} must be from {min} to {max}, not {token.Value}"));
            }
        });
}
