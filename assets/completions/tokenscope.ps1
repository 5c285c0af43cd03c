# Completion of tokenscope for PowerShell: tokenscope completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName tokenscope, tokenscope.exe -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($wordToComplete -eq '') {
        # Older versions drop an empty argument that is not in quotes of its own.
        if ($PSNativeCommandArgumentPassing -and $PSNativeCommandArgumentPassing -ne 'Legacy') {
            $words += ''
        } else {
            $words += '""'
        }
    }
    $lines = @(tokenscope __complete @words 2>$null)
    # Nothing at all has PowerShell offer files.
    if ($lines.Count -eq 1 -and $lines[0] -eq "`tfiles") { return }
    if ($lines.Count -eq 0) { return '' }
    $lines | ForEach-Object {
        $word, $about = $_ -split "`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
