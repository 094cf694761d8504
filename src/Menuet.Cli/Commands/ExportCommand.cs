using System.CommandLine;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet export POLICY --onnx FILE</c>: what a policy does without exploration, for other runtimes.</summary>
internal static class ExportCommand
{
    internal static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("policy") { HelpName = "policy", Description = "The policy's file" };
        file.Validators.Add(MarketSource.RefuseOptions);
        var onnx = new Option<string>("--onnx") { Description = "Writes an ONNX model (operator set 17) to this file", Required = true };
        var command = new Command("export", "Writes a trained policy as an ONNX model: observations in, actions in [-1, 1] out.") { file, onnx };
        command.SetAction(parsed =>
        {
            var policy = TrainedPolicy.Read(parsed.GetRequiredValue(file));
            var model = policy.ToOnnx();
            var path = parsed.GetRequiredValue(onnx);
            OutputFile.Write(path, model);
            terminal.Output.WriteLine($"{path}: observations [rows, {policy.ObservationSize}] to actions [rows, {policy.ActionSize}], {model.Length} bytes");
        });
        return command;
    }
}
