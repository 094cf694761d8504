using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Menuet.Settlement.Tests.Servers;

/// <summary>A PostgreSQL of our own on a private port and folder, started when a test first asks, gone with the tests.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private static readonly string? Folder = Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(f => f, StringComparer.Ordinal).Select(f => Path.Combine(f, "bin")).FirstOrDefault(f => File.Exists(Path.Combine(f, "initdb")))
        : Missing.Program("initdb") is { } initdb ? Path.GetDirectoryName(initdb) : null;

    private string? data;
    private int port;
    private int databases;

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Reason { get; } = Folder is null
        ? "PostgreSQL is not installed; ./test.sh installs Debian's postgresql when run as root"
        : Environment.UserName == "root" && Missing.Program("runuser", "/usr/sbin/runuser", "/sbin/runuser") is null
            ? "PostgreSQL does not run as root, and there is no runuser to become another user"
            : null;

    public async Task InitializeAsync()
    {
        if (Folder is null)
        {
            return;
        }

        data = Directory.CreateTempSubdirectory("menuet-postgres-").FullName;
        if (Environment.UserName == "root")
        {
            Run("chown", "nobody", data);
        }

        port = Missing.FreePort();
        AsUser(Path.Combine(Folder, "initdb"), "-D", Path.Combine(data, "db"), "-U", "menuet", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        AsUser(
            Path.Combine(Folder, "pg_ctl"), "-D", Path.Combine(data, "db"), "-w", "-l", Path.Combine(data, "log"),
            "-o", string.Create(CultureInfo.InvariantCulture, $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c max_connections=60"), "start");
        await Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        if (data is not null)
        {
            NpgsqlConnection.ClearAllPools();
            AsUser(Path.Combine(Folder!, "pg_ctl"), "-D", Path.Combine(data, "db"), "-m", "immediate", "stop");
            Directory.Delete(data, recursive: true);
        }

        return Task.CompletedTask;
    }

    /// <summary>The connection string of a new, empty database.</summary>
    internal async Task<string> NewDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref databases)}");
        await using var connection = new NpgsqlConnection(Connection("postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A name of our own making.
        command.CommandText = $"CREATE DATABASE {name}";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
        return Connection(name);
    }

    private string Connection(string database) => string.Create(
        CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database={database};Username=menuet;Include Error Detail=true;Maximum Pool Size=12");

    private static void AsUser(params string[] command)
    {
        if (Environment.UserName == "root")
        {
            Run("runuser", ["-u", "nobody", "--", .. command]);
        }
        else
        {
            Run(command[0], command[1..]);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        // The server inherits the streams of pg_ctl and would hold a pipe open: only its exit code is waited for.
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardOutput = true })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}

/// <summary>Tests that share the servers; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SharedServers : ICollectionFixture<PostgresServer>
{
    public const string Name = "servers";
}
