import { type Commands, type Context, Router } from '@vaadin/router'
import { prime } from './api.ts'
import './ui/unloaded-page.ts'

/**
 * Loads each page's code when it is first visited, and asks the API for what the page shows at the same time: neither
 * waits for the other, so a live page has its first frame one round trip sooner.
 *
 * @param ready resolves when the language is loaded
 */
export function startRouter(outlet: HTMLElement, ready: Promise<void>): void {
  const page = (tag: string, load: () => Promise<unknown>, primed: (context: Context) => string[] = () => []) => {
    return async (context: Context, commands: Commands) => {
      for (const path of primed(context)) prime(path)
      try {
        await Promise.all([load(), ready])
      } catch {
        return commands.component('unloaded-page')
      }
      return commands.component(tag)
    }
  }
  const router = new Router(outlet)
  void router.setRoutes([
    {
      path: '/',
      action: page(
        'home-page',
        () => import('./home/home-page.ts'),
        () => ['/api/live/', '/api/recordings/'],
      ),
    },
    {
      path: '/c/:slug',
      action: page(
        'channel-page',
        () => import('./channel/channel-page.ts'),
        ({ params }) => [`/api/channels/${encodeURIComponent(String(params.slug))}/`],
      ),
    },
    {
      path: '/recordings/:id',
      action: page(
        'recording-page',
        () => import('./recordings/recording-page.ts'),
        ({ params }) => [`/api/recordings/${encodeURIComponent(String(params.id))}/`],
      ),
    },
    { path: '/courses', action: page('courses-page', () => import('./courses/courses-page.ts')) },
    { path: '/courses/:slug', action: page('course-page', () => import('./courses/course-page.ts')) },
    { path: '/learn/:course', action: page('lesson-page', () => import('./learn/lesson-page.ts')) },
    { path: '/learn/:course/:lesson', action: page('lesson-page', () => import('./learn/lesson-page.ts')) },
    { path: '/teach', action: page('teach-page', () => import('./teach/teach-page.ts')) },
    { path: '/teach/:course', action: page('course-editor-page', () => import('./teach/course-editor-page.ts')) },
    { path: '/gif', action: page('gif-page', () => import('./gif/gif-page.ts')) },
    { path: '/videos', action: page('videos-page', () => import('./videos/videos-page.ts')) },
    {
      path: '/videos/:id',
      action: page(
        'video-page',
        () => import('./videos/video-page.ts'),
        ({ params }) => [`/api/videos/${encodeURIComponent(String(params.id))}/`],
      ),
    },
    { path: '/studio', action: page('studio-page', () => import('./studio/studio-page.ts')) },
    { path: '/sign-in', action: page('sign-in-page', () => import('./account/sign-in-page.ts')) },
    { path: '/sign-up', action: page('sign-up-page', () => import('./account/sign-up-page.ts')) },
    { path: '/account', action: page('account-page', () => import('./account/account-page.ts')) },
    { path: '/account/verify', action: page('verify-page', () => import('./account/verify-page.ts')) },
    { path: '/account/reset', action: page('reset-page', () => import('./account/reset-page.ts')) },
    { path: '/admin/library', action: page('library-page', () => import('./admin/library-page.ts')) },
    { path: '/admin/outbox', action: page('outbox-page', () => import('./admin/outbox-page.ts')) },
    { path: '(.*)', action: page('not-found-page', () => import('./ui/not-found-page.ts')) },
  ])

  let isFirst = true
  window.addEventListener('vaadin-router-location-changed', () => {
    // A page that replaces another starts at its top, also for screen readers and the Tab key.
    if (!isFirst) {
      window.scrollTo(0, 0)
      outlet.focus({ preventScroll: true })
    }
    isFirst = false
  })
}

export function go(path: string): void {
  Router.go(path)
}
