using System.Runtime.InteropServices;
using System.Text;
using Menuet.Cli;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    // The first Ctrl-C (or SIGTERM) asks long work to stop and keep what it has; the second ends the process.
    press.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
});

return CommandLine.Run(args, new Terminal(Console.Out, Console.Error, Console.OpenStandardInput, !Console.IsOutputRedirected), stop.Token);
