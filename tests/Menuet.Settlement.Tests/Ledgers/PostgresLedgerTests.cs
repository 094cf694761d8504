using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;
using Npgsql;
using Xunit.Abstractions;

namespace Menuet.Settlement.Tests.Ledgers;

[Collection(SharedServers.Name)]
public sealed class PostgresLedgerTests(PostgresServer server, ITestOutputHelper output) : SqlLedgerTests(output)
{
    private string? connection;

    private protected override string Place => connection!;

    [PostgresFact]
    public Task MovesUnits() => Posting_MovesUnits_AndIsReadBack();

    [PostgresFact]
    public Task IsIdempotent() => SameId_SameContent_IsANoOp_OtherContentAnError();

    [PostgresFact]
    public Task NeverOverdraws() => Uncovered_NothingIsPosted_EveryShortageIsNamed();

    [PostgresFact]
    public Task NeverOverflows() => Beyond64Bits_IsRefused();

    [PostgresFact]
    public Task KeepsItsScale() => Decimals_AreFixedWhenTheLedgerIsMade();

    [PostgresFact]
    public Task SurvivesManyWriters() => ManyWriters_KeepEveryUnit();

    [PostgresFact]
    public Task SurvivesKills() => Kills_LoseNothing_AndPayOnce();

    [PostgresTheory]
    [MemberData(nameof(Tamperings))]
    public Task Verification_Finds(string sql, string fault) => EveryTampering_IsFound(sql, fault);

    [PostgresFact]
    public async Task UnreachableDatabase_IsSaidInWords()
    {
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => PostgresLedger.OpenAsync("Host=127.0.0.1;Port=1;Database=x;Username=y;Password=hidden", null, default));
        Assert.DoesNotContain("hidden", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidRequestException>(() => PostgresLedger.OpenAsync("Nonsense=1", null, default));
    }

    private protected override async Task<SqlLedger> OpenAsync(int? decimals = null) =>
        await PostgresLedger.OpenAsync(connection ??= await server.NewDatabaseAsync(), decimals, default);

    private protected override async Task TamperAsync(string sql)
    {
        await using var raw = new NpgsqlConnection(connection);
        await raw.OpenAsync();
        await using var command = raw.CreateCommand();
#pragma warning disable CA2100 // The tests' own statements.
        command.CommandText = "SET session_replication_role = replica; " + sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
