import './tokens.css'
import './ui/app-header.ts'
import './ui/app-footer.ts'
import { restoreLocale } from './locale.ts'
import { startRouter } from './router.ts'
import { followSystemTheme } from './ui/theme.ts'

followSystemTheme()
const outlet = document.querySelector('main')
if (outlet) startRouter(outlet, restoreLocale())
