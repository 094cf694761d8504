using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// dotnet run -c Release --project bench -- --filter '*Reward*'
// In process: the projects here are built once, with their own settings. Ratios are against each class's baseline, in the same run.
if (args is ["learning", ..])
    return Menuet.Benchmarks.LearningThroughput.Run(args.Length > 1 ? args[1] : "");
if (args is ["environments"])
    return Menuet.Benchmarks.EnvironmentBenchmarks.Run();
if (args is ["numpy", ..])
    return Menuet.Benchmarks.ContractMarketAgainstNumpy.Run(args.Length > 1 ? args[1] : "python3");
if (args is ["settlement", ..])
    return await Menuet.Benchmarks.SettlementBenchmarks.RunAsync(args.Length > 1 ? args[1] : "");
var job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithWarmupCount(3)
    .WithIterationCount(9)
    .WithMinIterationCount(5);
var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(StatisticColumn.Median)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .WithOptions(ConfigOptions.DisableOptimizationsValidator);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
